// Looks for links of a static site that lead nowhere: to a file that is not there, or to a place in
// a page that has no such place. Addresses of other sites are not looked at.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { filesBelow, root } from './steps.mjs';

/** The dead links of all pages of a folder, as `page: link`. */
export function deadLinks(folder) {
  const pages = filesBelow(relative(root, folder)).filter((file) => file.endsWith('.html'));
  const places = new Map();
  const placesOf = (page) => {
    if (!places.has(page)) places.set(page, namesIn(readFileSync(page, 'utf8')));
    return places.get(page);
  };
  const dead = [];
  for (const page of pages) {
    for (const link of linksIn(readFileSync(page, 'utf8'))) {
      const [path, place] = link.split('#').map(decodeURIComponent);
      const target = path === '' ? page : resolve(dirname(page), path.replace(/\?.*$/, ''));
      const isThere = existsSync(target) && statSync(target).isFile();
      const hasPlace =
        !place || !target.endsWith('.html') || (isThere && placesOf(target).has(place));
      if (!isThere || !hasPlace) dead.push(`${relative(folder, page)}: ${link}`);
    }
  }
  return [...new Set(dead)];
}

/** Relative links and sources, without scripts and their strings. */
function linksIn(html) {
  const markup = html.replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, (script) =>
    script.slice(0, script.indexOf('>') + 1),
  );
  return [...markup.matchAll(/\s(?:href|src)="([^"]*)"/g)]
    .map(([, link]) => link.replaceAll('&amp;', '&'))
    .filter((link) => link !== '' && !/^([a-z]+:|\/\/)/i.test(link));
}

function namesIn(html) {
  return new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, name]) => name));
}
