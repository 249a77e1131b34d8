import { writeFileAtomic } from '../files.js';
import { describeColumn, formatMetric } from '../metrics/registry.js';
import type { Compared, SummaryPart, SummaryRow, TableSummary } from '../tables/summary.js';
import { layerFigures } from './layer-table.js';
import { figure, html, type Markup, note, renderPage, section, table } from './page.js';
import { keyFigures, settingsSection } from './sections.js';
import { layer, numeric, plotMarkup } from './svg-plot.js';
import { bestIndex, metricTitle } from './tables.js';
import { formatCount, formatSeconds, markdownTable, textTable } from './text-table.js';

/** A stretch of a recording that rows were fitted to. */
export interface ReportedClip {
  readonly name: string;
  readonly sha256: string;
  /** Samples, at the rate of the clips. */
  readonly start: number;
  readonly samples: number;
}

/** Input of `writeTableReport`. */
export interface TableReportInput {
  readonly summary: TableSummary;
  /** Those of which there are results. */
  readonly clips: readonly ReportedClip[];
  /** How the rows were made, in groups of names and values. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly version: string | undefined;
}

const PAPERS = {
  fewsound: 'A Hypernetwork-Based Approach to KAN Representation of Audio Signals',
  analysis: 'Time-Frequency and Geometric Analysis of Task-Dependent Learning',
};

/** What to call a table. */
const titleOf = ({ name, table: { title } }: TableSummary): string =>
  `Table ${name.replace(/^\D+-/, '')}. ${title}`;

const columnTitle = (key: string): string =>
  key in layerFigures ? layerFigures[key as keyof typeof layerFigures].symbol : metricTitle(key);

const rowTitle = ({ name, parameters }: SummaryRow): string =>
  parameters === undefined ? name : `${name} (${formatCount(parameters)})`;

/** Ours: of how many recordings. */
const oursOf = ({ done, expected }: SummaryRow): string =>
  expected > 1 ? `ours, ${done} of ${expected}` : 'ours';

/** A number as the papers print theirs: 6.7e−4, 1.36, 39.7; 41.2059 of a layer. */
function numberText(key: string, value: number | null, digits = 3): string {
  const { decimals } = describeColumn(key);
  if (value === null || decimals !== undefined) return formatMetric(key, value);
  if (key in layerFigures) return String(Number(value.toFixed(4)));
  if (value === 0) return '0';
  const isSmall = Math.abs(value) < 1e-2;
  const text = isSmall ? value.toExponential(1) : value.toPrecision(digits);
  return text.replace('.0e', 'e').replaceAll('-', '−');
}

function withDeviation(key: string, mean: number | null, deviation: number | null): string {
  const text = numberText(key, mean);
  return mean === null || deviation === null ? text : `${text} ± ${numberText(key, deviation, 2)}`;
}

/** `+0.4 σ`: a distance in the paper's deviations. */
function distanceText(distance: number | null): string {
  if (distance === null) return '';
  const text = `${distance < 0 ? '−' : '+'}${Math.abs(distance).toFixed(1)}`;
  return `${text.replace('−0.0', '+0.0')} σ`;
}

const tauText = (tau: number | null): string =>
  tau === null ? '–' : tau.toFixed(2).replace('-', '−');

/** Indices of the best rows of a column, by a number of each. */
function bestOf(part: SummaryPart, key: string, column: number, of: keyof Compared) {
  if (key in layerFigures) return undefined;
  return bestIndex(
    key,
    part.rows.map(({ values }) => values[column]?.[of]),
  );
}

/** What was spent, and how near the numbers are, in a sentence. */
function summaryText({ parts, done, expected, seconds }: TableSummary): string {
  const distances = distancesOf(parts);
  const near = distances.filter((distance) => Math.abs(distance) <= 1).length;
  return [
    `${formatCount(done)} of ${formatCount(expected)} results`,
    ...(seconds > 0 ? [`${formatSeconds(seconds)} of fitting`] : []),
    ...(distances.length > 0
      ? [
          `${near} of ${distances.length} means within one standard deviation of the paper's (over its recordings)`,
        ]
      : []),
  ].join(', ');
}

const distancesOf = (parts: readonly SummaryPart[]): number[] =>
  parts.flatMap(({ rows }) =>
    rows.flatMap(({ values }) =>
      values.flatMap(({ distance }) => (distance === null ? [] : [distance])),
    ),
  );

/**
 * A table with ours, the paper's and the distance below each other, for a terminal or as Markdown;
 * then what was used and what is missing.
 */
export function tableText(
  { summary, clips }: Pick<TableReportInput, 'summary' | 'clips'>,
  format: 'text' | 'markdown',
): string {
  const { columns, label } = summary.table;
  const isText = format === 'text';
  const parts = shownParts(summary).map((part) => {
    const titles = [label, '', ...columns.map(columnTitle)];
    const rows = [...linesOf(part, columns, isText), ["Kendall's τ", '', ...part.tau.map(tauText)]];
    if (!isText) return `## ${part.name}\n\n${markdownTable(titles, rows)}`;
    const heads = titles.map((title, index) =>
      index < 2 ? { title } : { title, align: 'right' as const },
    );
    return `${part.name}\n${textTable(heads, rows)}`;
  });
  const missing = missingOf(summary).map(({ rows, names }) =>
    summary.table.source === 'runs'
      ? `- ${rows}\n\n${names.map((name) => `      ${name}`).join('\n')}\n`
      : `- ${rows}: ${names.join(', ')}`,
  );
  const names = [...new Set(clips.map(({ name }) => name))];
  return [
    `${isText ? '' : '# '}${titleOf(summary)}`,
    `${summaryText(summary)}.`,
    ...parts,
    ...(names.length > 0 ? [`Recordings: ${names.join(', ')}.`] : []),
    ...(missing.length > 0 ? [`Missing:\n\n${missing.join('\n')}`] : []),
  ].join('\n\n');
}

/** The lines of a row: ours, the paper's, the distance. */
function linesOf(part: SummaryPart, columns: readonly string[], isText: boolean): string[][] {
  const best = columns.map((key, column) => ({
    mean: bestOf(part, key, column, 'mean'),
    paper: bestOf(part, key, column, 'paper'),
  }));
  const marked = (text: string, isBest: boolean) =>
    isText ? `${text}${isBest ? '*' : ' '}` : isBest ? `**${text}**` : text;
  return part.rows.flatMap((row, index) => {
    const cells = (of: (value: Compared, key: string, column: number) => string) =>
      row.values.map((value, column) => of(value, columns[column] as string, column));
    const distances = cells(({ distance }) => distanceText(distance));
    return [
      [
        ...[rowTitle(row), oursOf(row)],
        ...cells(({ mean, deviation }, key, column) =>
          marked(withDeviation(key, mean, deviation), best[column]?.mean === index),
        ),
      ],
      [
        ...['', 'paper'],
        ...cells(({ paper, paperDeviation }, key, column) =>
          marked(withDeviation(key, paper, paperDeviation), best[column]?.paper === index),
        ),
      ],
      ...(distances.some((text) => text !== '') ? [['', 'distance', ...distances]] : []),
    ];
  });
}

/** What is missing, the rows that lack the same in one line. */
function missingOf({ parts }: TableSummary): { rows: string; names: readonly string[] }[] {
  const lacking = new Map<string, { rows: string[]; names: readonly string[] }>();
  for (const part of parts) {
    for (const { name, missing } of part.rows) {
      if (missing.length === 0) continue;
      const key = [part.name, ...missing].join('\n');
      const known = lacking.get(key) ?? { rows: [], names: missing };
      known.rows.push(known.rows.length === 0 ? `${part.name}: ${name}` : name);
      lacking.set(key, known);
    }
  }
  return [...lacking.values()].map(({ rows, names }) => ({ rows: rows.join(', '), names }));
}

/** Parts of which there are results, or all where there are none at all. */
function shownParts({ parts }: TableSummary): readonly SummaryPart[] {
  const begun = parts.filter(({ rows }) => rows.some(({ done }) => done > 0));
  return begun.length > 0 ? begun : parts;
}

/**
 * Writes one self-contained HTML file about a table of a paper that was run: ours, the paper's and
 * the distance of each number, the agreement of the orders, pictures of both, the recordings used,
 * the time spent, and what is missing. Written atomically.
 *
 * @throws FewSoundError `IO` where the file cannot be written
 */
export async function writeTableReport(path: string, input: TableReportInput): Promise<void> {
  await writeFileAtomic(path, await renderTableReport(input));
}

/** The document of `writeTableReport` as text. */
export async function renderTableReport(input: TableReportInput): Promise<string> {
  const { summary, clips, facts, version } = input;
  const parts: (Markup | undefined)[] = [];
  for (const part of shownParts(summary)) parts.push(await partSection(part, summary.table));
  return renderPage({
    title: titleOf(summary),
    summary: `${summaryText(summary)}. Of “${PAPERS[summary.table.paper]}”.`,
    date: new Date(),
    version,
    sections: [
      figures(summary),
      ...parts,
      missingSection(summary),
      clipsSection(clips),
      settingsSection(Object.entries(facts)),
    ],
  });
}

function figures({ parts, done, expected, seconds }: TableSummary): Markup {
  const distances = distancesOf(parts);
  const near = distances.filter((distance) => Math.abs(distance) <= 1).length;
  const taus = parts.flatMap(({ tau }) => tau.filter((each) => each !== null));
  const mean = taus.reduce((sum, tau) => sum + tau, 0) / taus.length;
  return keyFigures([
    { name: 'Results', value: formatCount(done), unit: `of ${formatCount(expected)}` },
    ...(distances.length > 0
      ? [{ name: 'Within one deviation', value: `${near}`, unit: `of ${distances.length}` }]
      : []),
    ...(taus.length > 0 ? [{ name: "Mean of Kendall's τ", value: tauText(mean) }] : []),
    ...(seconds > 0 ? [{ name: 'Time of the fits', value: formatSeconds(seconds) }] : []),
  ]);
}

/** What stands below the name of a row. */
const under = ({ parameters, done, expected, seconds = 0 }: SummaryRow): string[] => [
  ...(parameters === undefined ? [] : [formatCount(parameters)]),
  ...(expected > 1 ? [`${done} of ${expected}`] : []),
  ...(seconds > 0 ? [formatSeconds(seconds)] : []),
];

async function partSection(part: SummaryPart, { columns, label }: TableSummary['table']) {
  const best = columns.map((key, column) => ({
    ours: bestOf(part, key, column, 'mean'),
    paper: bestOf(part, key, column, 'paper'),
  }));
  const hasDistance = distancesOf([part]).length > 0;
  const rows = part.rows.map((row, index) => [
    html`${row.name}<br><span class="under">${under(row).join(' · ')}</span>`,
    html`<td>ours<br><span class="under">paper${hasDistance && html`<br>distance`}</span></td>`,
    ...row.values.map(({ mean, deviation, paper, paperDeviation, distance }, column) => {
      const key = columns[column] as string;
      const marked = (text: string, isBest: boolean) =>
        isBest ? html`<strong>${text}</strong>` : text;
      const ours = marked(withDeviation(key, mean, deviation), best[column]?.ours === index);
      const theirs = marked(
        withDeviation(key, paper, paperDeviation),
        best[column]?.paper === index,
      );
      return html`<td class="number">${ours}<br><span class="under">${theirs}${hasDistance && html`<br>${distanceText(distance)}`}</span></td>`;
    }),
  ]);
  const tau = [html`Kendall's τ`, html`<td></td>`, ...part.tau.map(tauText)];
  const heads = [label, html`<th></th>`, ...columns.map(columnTitle)];
  return section(
    part.name,
    html`${table('comparison with-paper', heads, [...rows, tau])}
${note(
  'The distance is from the mean of the paper to ours, in standard deviations of the paper; the best of each column is bold, ours and the paper’s. Kendall’s τ says how far the order of the rows agrees with the paper’s: 1 the same, −1 the opposite.',
)}
<div class="panels small" style="margin-top:22px">${await Promise.all(
      columns.map(async (key, column) =>
        figure(columnTitle(key), await columnPlot(part, key, column)),
      ),
    )}</div>
${note('Bars: the paper’s mean ± its standard deviation, where it gives one. Dots: ours.')}`,
  );
}

/** A column: the paper's numbers as bars, ours as dots, a line for each row. */
function columnPlot(part: SummaryPart, key: string, column: number): Promise<Markup> {
  const names = part.rows.map(({ name }) => name);
  const y = {
    field: 'row',
    type: 'nominal' as const,
    sort: names,
    axis: { title: null, ticks: false, domain: false, grid: true },
  };
  const x = numeric('value', { zero: false }, { title: null, tickCount: 4 });
  const values = part.rows.map((row) => ({ ...(row.values[column] as Compared), row: row.name }));
  const finite = (value: number | null): value is number => value !== null;
  const paper = values.flatMap(({ row, paper: mean, paperDeviation }) =>
    finite(mean) ? [{ row, value: mean, deviation: paperDeviation ?? 0 }] : [],
  );
  const ours = values.flatMap(({ row, mean }) => (finite(mean) ? [{ row, value: mean }] : []));
  // Only ratios can be below 0.
  const least = describeColumn(key).unit === 'dB' ? Number.NEGATIVE_INFINITY : 0;
  const bars = paper.map(({ row, value, deviation }) => ({
    ...{ row, value: Math.max(least, value - deviation), end: value + deviation },
  }));
  return plotMarkup(
    (width) => ({
      width: width - 70,
      height: 22 * names.length,
      layer: [
        layer(
          bars,
          { type: 'rule', strokeWidth: 6, color: 'var(--rule)' },
          { y, x, x2: { field: 'end' } },
        ),
        layer(paper, { type: 'tick', thickness: 2, size: 14, color: 'var(--muted)' }, { y, x }),
        layer(
          ours,
          { type: 'point', filled: true, size: 60, opacity: 1, color: 'var(--series-1)' },
          { y, x },
        ),
      ],
    }),
    { wide: 300 },
    `${columnTitle(key)}: ${values
      .map(
        ({ row, mean, paper: theirs }) =>
          `${row} ${numberText(key, mean)}, paper ${numberText(key, theirs)}`,
      )
      .join('; ')}`,
  );
}

function missingSection(summary: TableSummary): Markup | undefined {
  const missing = missingOf(summary);
  if (missing.length === 0) return undefined;
  const isRuns = summary.table.source === 'runs';
  const items = missing.map(
    ({ rows, names }) => html`<h3>${rows}</h3>
${isRuns ? html`<pre class="scroll">${names.join('\n')}</pre>` : note(names.join(', '))}`,
  );
  return section(
    'Missing',
    html`${items}${isRuns && note('Names of files and folders in capitals are yours to fill in.')}`,
  );
}

function clipsSection(clips: readonly ReportedClip[]): Markup | undefined {
  if (clips.length === 0) return undefined;
  const rows = clips.map(({ name, start, samples, sha256 }) => [
    name,
    ...[formatCount(start), formatCount(samples), sha256.slice(0, 12)],
  ]);
  return section(
    'Recordings',
    html`${table('', ['File', 'First sample', 'Samples', 'SHA-256'], rows)}
${note('At 22,050 Hz, scaled to peak 1.')}`,
  );
}
