import { FewSoundError } from '../errors.js';

/** Markup that is safe to insert as it is. */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

type Insertable = Markup | string | number | readonly Insertable[] | undefined | false;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function insert(value: Insertable): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(insert).join('');
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Template tag: inserted strings are escaped, inserted `Markup` and lists of it are not. */
export function html(strings: TemplateStringsArray, ...values: Insertable[]): Markup {
  return new Markup(strings.reduce((text, part, index) => text + insert(values[index - 1]) + part));
}

/** The style sheet of every report: light, dark and print, wide and narrow. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --card: #ffffff; --ink: #1b1d22; --muted: #5f6672; --rule: #dcdfe4; --accent: #1f4e8c;
  --best: #e8f1e6; --on-half: #1b1d22; --series-0: #2166ac; --series-1: #c8500a; --series-2: #2a7f62; --series-3: #8a3f9e;
  --series-4: #a67c00; --series-5: #c23b63; --series-6: #4a5568;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Source Serif 4", "Liberation Serif", Georgia, serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --card: #1b1e24; --ink: #e7e9ed; --muted: #9aa2af; --rule: #343943; --accent: #8ab8f0;
    --best: #24382b; --on-half: #1b1e24; --series-0: #6aaef0; --series-1: #f49a5c; --series-2: #5fc7a1; --series-3: #c98be0;
    --series-4: #e0bd4f; --series-5: #f0829f; --series-6: #a7b1c2;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 var(--sans); font-variant-numeric: tabular-nums; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 44px; }
.kicker { margin: 0 0 6px; color: var(--muted); font-size: 13px; letter-spacing: .04em; }
h1 { margin: 0 0 10px; font: 600 34px/1.18 var(--serif); letter-spacing: -.01em; text-wrap: balance; overflow-wrap: anywhere; }
.summary { margin: 0; max-width: 72ch; color: var(--muted); font-size: 16px; overflow-wrap: anywhere; }
section { margin-top: 44px; }
h2 { margin: 0 0 14px; padding-top: 12px; border-top: 1px solid var(--rule); font: 600 21px/1.3 var(--serif); }
h3 { margin: 0 0 6px; font-size: 14px; font-weight: 600; }
.note { margin: 10px 0 0; max-width: 80ch; color: var(--muted); font-size: 13.5px; }
.warnings { margin: 28px 0 0; padding: 12px 16px; border: 1px solid var(--series-1); border-radius: 8px; background: var(--card); }
.warnings p { margin: 0; max-width: 90ch; }
.warnings p + p { margin-top: 8px; }
.warnings strong { margin-right: 6px; color: var(--series-1); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 1px; margin: 28px 0 0; border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; background: var(--rule); }
.figures div { padding: 14px 16px 12px; background: var(--card); }
.figures dt { color: var(--muted); font-size: 12.5px; }
.figures dd { margin: 2px 0 0; font-size: 22px; font-weight: 600; letter-spacing: -.01em; white-space: nowrap; }
.figures dd small { margin-left: 3px; color: var(--muted); font-size: 13px; font-weight: 400; }
.players { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 18px 28px; }
.player audio { display: block; width: 100%; height: 40px; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 22px 12px; }
.panels.small { grid-template-columns: repeat(auto-fill, minmax(min(250px, 100%), 1fr)); }
.panels.three { grid-template-columns: repeat(3, minmax(0, 1fr)); }
figure { margin: 0; min-width: 0; }
figcaption { margin: 0 0 6px; font-size: 14px; font-weight: 600; }
figcaption span { color: var(--muted); font-weight: 400; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 24px 28px; }
.plot { display: block; width: 100%; height: auto; }
.on-narrow { display: none; }
.key { display: inline-block; print-color-adjust: exact; -webkit-print-color-adjust: exact; width: 18px; height: 3px; margin: 0 6px 3px 0; border-radius: 2px; vertical-align: middle; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 6px; padding: 0; list-style: none; font-size: 13.5px; }
.bars { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr)); gap: 14px 40px; max-width: 820px; margin: 16px 0 0; }
.color-bar .strip { height: 10px; border-radius: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.color-bar .marks { display: flex; justify-content: space-between; margin-top: 3px; color: var(--muted); font-size: 11.5px; }
.color-bar .title { color: var(--muted); font-size: 12.5px; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14.5px; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: baseline; }
thead th { color: var(--muted); font-size: 12.5px; font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
.after-number { padding-left: 14px; white-space: nowrap; }
td.best { background: var(--best); font-weight: 600; }
.comparison td.number, .comparison th.number { padding-left: 12px; padding-right: 12px; }
.why { color: var(--muted); font-style: italic; white-space: normal; }
.with-paper { font-size: 13.5px; }
.comparison.with-paper td.number, .comparison.with-paper th.number { padding-left: 6px; padding-right: 6px; }
.under { color: var(--muted); font-size: 12.5px; font-weight: 400; }
.recording { margin: 0 0 30px; }
.recording .note { margin: 0 0 10px; max-width: none; }
.recording figure { display: flex; flex-direction: column; }
.recording audio { display: block; width: 100%; height: 36px; margin-top: 8px; }
.classes tbody th, .classes tbody .after-number { white-space: normal; overflow-wrap: break-word; }
tr.kept th { color: var(--accent); }
.tag { margin-left: 6px; padding: 1px 7px; border: 1px solid currentColor; border-radius: 9px; font-size: 11.5px; font-weight: 500; }
.settings { columns: 3 300px; column-gap: 36px; }
.settings div { break-inside: avoid; margin: 0 0 22px; }
.settings table { font-size: 13.5px; }
.settings th { padding: 4px 12px 4px 0; color: var(--muted); font-weight: 400; white-space: normal; overflow-wrap: break-word; }
.settings td { padding: 4px 0; text-align: right; overflow-wrap: anywhere; }
footer { margin-top: 52px; padding-top: 14px; padding-bottom: 36px; color: var(--muted); font-size: 13px; }
@media (max-width: 900px) { .panels.three { grid-template-columns: minmax(0, 1fr); max-width: 480px; } }
@media (max-width: 640px) {
  main, header, footer { padding-left: 16px; padding-right: 16px; }
  header { padding-top: 26px; }
  h1 { font-size: 26px; }
  .on-wide { display: none; }
  .on-narrow { display: block; }
  .hide-narrow { display: none; }
}
@media print {
  @page { margin: 14mm; }
  :root { --paper: #fff; --card: #fff; --ink: #000; --muted: #444; --rule: #ccc; --best: #eee; --on-half: #000;
    --series-0: #2166ac; --series-1: #c8500a; --series-2: #2a7f62; --series-3: #8a3f9e; --series-4: #a67c00; --series-5: #c23b63; --series-6: #4a5568; }
  body { font-size: 11pt; }
  header { padding-top: 0; }
  .listen, .recording audio, .recording .players { display: none; }
  .pair { grid-template-columns: 1fr 1fr; }
  section { margin-top: 22px; }
  figure, .figures, tr, .player { break-inside: avoid; }
  h2 { break-after: avoid; }
  .panels.three { grid-template-columns: repeat(3, minmax(0, 1fr)); max-width: none; }
}
`;

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

/** A few figures as a document, for a frame in a notebook. */
export function renderFragment(content: Markup): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<style>${PAGE_STYLE}
main { padding: 12px 4px; }
main > * { margin: 0 0 16px; }</style>
</head>
<body>
<main>
${content}
</main>
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

/** A plot with its name above and a remark beside the name. */
export function figure(name: string, content: Insertable, remark = ''): Markup {
  return html`<figure><figcaption>${name}${remark && html` <span>${remark}</span>`}</figcaption>${content}</figure>
`;
}

/** Explains what stands above. */
export function note(...text: Insertable[]): Markup {
  return html`<p class="note">${text}</p>`;
}

const classed = (name: string | false) => name && new Markup(` class="${name}"`);

/**
 * A table that scrolls where the page is too narrow. A row's first cell is its head; other texts
 * are numbers, and what looks different comes as markup.
 *
 * @param kept index of a row to emphasize
 * @param over a row above the heads
 */
export function table(
  name: string,
  heads: readonly (Markup | string)[],
  rows: readonly (readonly (Markup | string)[])[],
  { kept = -1, over }: { readonly kept?: number; readonly over?: Markup | undefined } = {},
): Markup {
  const head = (title: Markup | string, index: number) =>
    title instanceof Markup
      ? title
      : html`<th scope="col"${classed(index > 0 && 'number')}>${title}</th>`;
  const cell = (content: Markup | string) =>
    content instanceof Markup ? content : html`<td class="number">${content}</td>`;
  const row = ([first, ...others]: readonly (Markup | string)[], index: number) =>
    html`<tr${classed(index === kept && 'kept')}><th scope="row">${first}</th>${others.map(cell)}</tr>
`;
  return html`<div class="scroll"><table${classed(name)}>
<thead>${over}<tr>${heads.map(head)}</tr></thead>
<tbody>
${rows.map(row)}</tbody></table></div>`;
}

/** Refuses input that cannot be drawn. */
export function refused(field: string, message: string): FewSoundError {
  return new FewSoundError('INVALID_ARGUMENT', message, { field });
}
