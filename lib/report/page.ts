import { html, type Markup } from './html.js';
import { PAGE_STYLE } from './page-style.js';

/** Starting one player stops the others, so that two versions can be told apart. */
const PLAYER_SCRIPT = `
const players = document.querySelectorAll('audio');
for (const player of players) {
  player.addEventListener('play', () => {
    for (const other of players) if (other !== player) other.pause();
  });
}
`;

export interface Page {
  readonly title: string;
  /** One sentence below the title. */
  readonly summary: string;
  readonly date: Date;
  readonly version: string | undefined;
  readonly sections: readonly (Markup | undefined)[];
  /** Programs that the page needs, in their order. */
  readonly scripts?: readonly string[];
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

/** A whole HTML document that needs nothing but itself. */
export function renderPage({
  title,
  summary,
  date,
  version,
  sections,
  scripts = [],
}: Page): string {
  const programs = [PLAYER_SCRIPT, ...scripts].map(
    (program) => `<script>${inScript(program)}</script>`,
  );
  const maker = version === undefined ? 'fewsound' : `fewsound ${version}`;
  const body = html`<header>
<p class="kicker">${maker} · <time datetime="${date.toISOString()}">${day.format(date)}</time></p>
<h1>${title}</h1>
<p class="summary">${summary}</p>
</header>
<main>
${sections.filter((section) => section !== undefined)}
</main>
<footer>Made by ${maker} on <time datetime="${date.toISOString()}">${date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace('T', ' ')}</time>.</footer>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${html`${maker}`}">
<link rel="icon" href="data:,">
<title>${html`${title}`}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${body}
${programs.join('\n')}
</body>
</html>
`;
}

/** A program that cannot end its element before its own end. */
function inScript(program: string): string {
  return program.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
}

/** A titled part of a page; undefined where there is nothing to show. */
export function section(title: string, content: Markup, name = ''): Markup {
  return html`<section class="${name}"><h2>${title}</h2>
${content}
</section>
`;
}
