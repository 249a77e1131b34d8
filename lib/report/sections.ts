import { encodeWav } from '../audio/write-wav.js';
import {
  describeColumn,
  descriptions,
  formatMetric,
  orderedMetrics,
  whyUndefined,
} from '../metrics/registry.js';
import { html, type Markup, note, section, table } from './page.js';
import type { MetricCell, MetricValues } from './tables.js';

/** Names with the colors of their curves. */
export function legend(entries: readonly { name: string; color: string }[]): Markup {
  return html`<ul class="legend">${entries.map(
    ({ name, color }) =>
      html`<li><span class="key" style="background:${color}"></span>${name}</li>`,
  )}</ul>`;
}

/** A player for a sound, as 16-bit WAV; `label` says what is played. */
export function player(sampleRate: number, samples: Float32Array, label: string): Markup {
  const wav = encodeWav({ samples, sampleRate }, { bitDepth: 16 });
  const source = `data:audio/wav;base64,${Buffer.from(wav).toString('base64')}`;
  return html`<audio controls preload="metadata" aria-label="${label}" src="${source}"></audio>`;
}

/**
 * Samples of all players of a page together, at most: as text they are two thirds of the longest
 * string that there is in Node.js. Of three players these are 17 minutes at 44.1 kHz.
 */
const PLAYED_SAMPLES = 2 ** 27;

/** Players for sounds of one rate; where they are too long for a page, where to find them. */
export function listenSection(
  sampleRate: number,
  sounds: readonly { name: string; samples: Float32Array }[],
): Markup {
  const count = sounds.reduce((sum, { samples }) => sum + samples.length, 0);
  if (count > PLAYED_SAMPLES) {
    const minutes = Math.floor(PLAYED_SAMPLES / sounds.length / sampleRate / 60);
    return section(
      'Listen',
      note(
        `A page has no room for these sounds: ${sounds.length} players take up to ${minutes} minutes each at this rate. Listen to their wav files.`,
      ),
      'listen',
    );
  }
  const players = sounds.map(
    ({ name, samples }) =>
      html`<div class="player"><h3>${name}</h3>${player(sampleRate, samples, name)}</div>
`,
  );
  return section('Listen', html`<div class="players">${players}</div>`, 'listen');
}

/** What the reader must know before the figures. */
export function warningsNote(warnings: readonly string[] = []): Markup | undefined {
  if (warnings.length === 0) return undefined;
  const items = warnings.map(
    (warning) => html`<p><strong>Warning</strong> ${warning}</p>
`,
  );
  return html`<div class="warnings" role="note">${items}</div>
`;
}

/** The numbers that matter most, large. */
export function keyFigures(
  figures: readonly { readonly name: string; readonly value: string; readonly unit?: string }[],
): Markup {
  const items = figures.map(
    ({ name, value, unit = '' }) =>
      html`<div><dt>${name}</dt><dd>${value}${unit !== '' && html`<small>${unit}</small>`}</dd></div>
`,
  );
  return html`<dl class="figures">${items}</dl>
`;
}

/** A value as a key figure. */
export function keyFigure(key: string, value: number | null | undefined, part = '') {
  const { title, unit = '' } = describeColumn(key);
  const name = part === '' ? title : `${part} ${title.toLowerCase()}`;
  return { name, value: formatMetric(key, value), unit: value === null ? '' : unit };
}

/** The metrics that matter most, those that were measured, as key figures. */
export function metricFigures(metrics: MetricValues) {
  return metricsInReports()
    .filter(({ name, inReports }) => inReports?.figure && metrics[name] !== undefined)
    .map(({ name }) => keyFigure(name, metrics[name]));
}

/** What reports show of metrics beside their tables, in its order. */
export function metricsInReports() {
  return descriptions
    .filter(({ inReports }) => inReports !== undefined)
    .sort((a, b) => (a.inReports?.rank ?? 0) - (b.inReports?.rank ?? 0));
}

const DIRECTION = { higher: 'higher is better', lower: 'lower is better' };

/** Metrics of one reconstruction, with what they mean. */
export function metricsTable(metrics: MetricValues): Markup {
  const rows = orderedMetrics(Object.keys(metrics)).map((key) => {
    const { title, unit, better, meaning } = describeColumn(key);
    const value = metrics[key] ?? null;
    return [
      title,
      value === null
        ? html`<td class="number why">${whyUndefined(key)}</td>`
        : `${formatMetric(key, value)}${unit ? ` ${unit}` : ''}`,
      html`<td class="after-number">${DIRECTION[better]}</td>`,
      html`<td class="hide-narrow">${meaning}</td>`,
    ];
  });
  const heads = [
    ...['Metric', 'Value'],
    html`<th scope="col" class="after-number">Direction</th>`,
    html`<th scope="col" class="hide-narrow">Meaning</th>`,
  ];
  return table('', heads, rows);
}

/** Heads of columns of metrics. */
export function metricHeads(keys: readonly string[]): Markup[] {
  return keys.map((key) => {
    const { title, unit, better, meaning } = describeColumn(key);
    const arrow = better === 'higher' ? '↑' : '↓';
    return html`<th scope="col" class="number" title="${meaning}">${title}${unit && ` (${unit})`} <span role="img" aria-label="${DIRECTION[better]}">${arrow}</span></th>`;
  });
}

/** One row of metrics. */
export function metricCells(cells: readonly MetricCell[] = []): (Markup | string)[] {
  return cells.map(({ key, value, text, best }) => {
    if (value === null) {
      return html`<td class="number why" title="${whyUndefined(key)}">undefined</td>`;
    }
    return best ? html`<td class="number best">${text}</td>` : text;
  });
}

/** Names and values under a title. */
export type FactGroup = readonly [title: string, facts: Readonly<Record<string, unknown>>];

/** What was set, where, on what, in groups; what is nested gets dotted names. */
export function settingsSection(facts: readonly FactGroup[]): Markup | undefined {
  const groups = facts.map(([title, group]) => {
    const rows = flatten(group).map(
      ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
    );
    return html`<div><h3>${title}</h3><table><tbody>
${rows}</tbody></table></div>`;
  });
  if (groups.length === 0) return undefined;
  return section('Settings', html`<div class="settings">${groups}</div>`);
}

/** Nested options as rows with dotted names. */
function flatten(
  options: Readonly<Record<string, unknown>>,
  prefix = '',
): (readonly [name: string, value: string])[] {
  return Object.entries(options).flatMap(([key, value]): (readonly [string, string])[] => {
    const name = prefix + key;
    if (value === undefined) return [];
    const nested = (item: unknown) => item !== null && typeof item === 'object';
    if (Array.isArray(value) && !value.some((item) => nested(item) && !Array.isArray(item))) {
      return [[name, value.length > 0 ? value.join(', ') : 'none']];
    }
    if (nested(value)) return flatten(value as Readonly<Record<string, unknown>>, `${name}.`);
    if (typeof value === 'boolean') return [[name, value ? 'yes' : 'no']];
    return [[name, String(value ?? 'none')]];
  });
}
