import type { Markup } from './html.js';
import { PAGE_STYLE } from './page-style.js';

/** A plot of a page as a file of its own: in the light colours of the style sheet, which it does not have beside it. */
export function svgFile(plot: Markup): string {
  const light = new Map(
    [...PAGE_STYLE.slice(0, PAGE_STYLE.indexOf('}')).matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(
      ([, name, value]) => [name, value] as const,
    ),
  );
  const end = plot.text.indexOf('</svg>') + '</svg>'.length;
  return `${plot.text
    .slice(0, end)
    .replace(/var\((--[\w-]+)\)/g, (whole, name) => light.get(name) ?? whole)
    .replace(/font-family="inherit"/g, 'font-family="sans-serif"')
    .replace(
      /^<svg /,
      '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ',
    )}\n`;
}
