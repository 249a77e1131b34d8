import { withFile } from '../files.js';
import type { FitResult } from '../train/index.js';
import { curvesPlot, thin } from './curve-plot.js';
import {
  type ComparisonReportInput,
  checkSound,
  type ReportInput,
  renderComparisonReport,
  renderReport,
} from './fit-report.js';
import { figure, html, type Markup, refused, renderFragment } from './page.js';
import { keyFigures, metricsTable, player } from './sections.js';
import { LEVEL_SCALE, levelsOf, spectrogramFigure } from './spectrogram.js';
import { seriesColor } from './svg-plot.js';
import { type MetricValues, type RunRow, runsTable } from './tables.js';
import { formatCount, formatSeconds } from './text-table.js';
import { type SampledSound, waveformPlot } from './waveform-plot.js';

/** What {@link show} can show. */
export type Showable =
  | string
  | SampledSound
  | ReportInput
  | ComparisonReportInput
  | Pick<FitResult, 'steps' | 'loss' | 'losses' | 'siSnr' | 'seconds' | 'secondsPerStep'>
  | MetricValues
  | readonly RunRow[];

/** One thing by media types, as Jupyter has it: `text/plain`, `text/html` and others. */
export type MimeBundle = Readonly<Record<string, string>>;

/** The method that Deno's Jupyter kernel asks the last value of a cell for. */
const display: unique symbol = Symbol.for('Jupyter.display');

/** Something in the forms that a notebook can show. */
export interface Shown {
  readonly mime: MimeBundle;
  /** For the kernel. */
  [display](): MimeBundle;
}

/**
 * Makes something show itself as the last value of a notebook's cell: `await show(clip)`. Deno's
 * Jupyter kernel asks the result for its forms by the method `Symbol.for('Jupyter.display')`; for
 * others they are in `mime`.
 *
 * @param what a recording or a rendering (player, waveform, spectrogram); what `fit` gave (course of
 *   the loss); what `evaluate` gave, or a list of runs (tables); the input of `writeReport` or
 *   `writeComparisonReport`, or the path of a report of any kind (the whole report)
 * @throws FewSoundError INVALID_ARGUMENT for anything else, and as the function that writes the
 *   report; FILE_NOT_FOUND or IO where a report cannot be read
 */
export async function show(what: Showable): Promise<Shown> {
  const mime = Object.freeze(await mimeOf(what));
  return { mime, [display]: () => mime };
}

async function mimeOf(what: Showable): Promise<MimeBundle> {
  if (typeof what === 'string') {
    const report = await withFile(what, (file) => file.readFile('utf8'));
    return framed(report, 800, `The report ${what}`);
  }
  if (typeof what !== 'object' || what === null) throw notShowable();
  if (isRuns(what)) return tableMime(what);
  if ('model' in what && 'original' in what) {
    return framed(await renderReport(what as ReportInput), 800, 'A report of a fit');
  }
  if ('models' in what && 'original' in what) {
    const report = await renderComparisonReport(what as ComparisonReportInput);
    return framed(report, 800, 'A comparison of networks');
  }
  if ('samples' in what && 'sampleRate' in what) return soundMime(what as SampledSound);
  if ('losses' in what) return fitMime(what as FitResult);
  if (isMetrics(what)) {
    return tableMime([{ name: 'value', metrics: what }], metricsTable(what));
  }
  throw notShowable();
}

function notShowable() {
  return refused(
    'what',
    'show: expected a recording, the result of fit or evaluate, a list of runs, the input of a report, or the path of one.',
  );
}

function isRuns(what: object): what is readonly RunRow[] {
  return Array.isArray(what) && what.every((row) => row?.name !== undefined && row.metrics);
}

function isMetrics(what: object): what is MetricValues {
  const values: unknown[] = Object.values(what);
  return (
    !Array.isArray(what) &&
    values.length > 0 &&
    values.every((value) => value === null || typeof value === 'number')
  );
}

/**
 * A document in a frame of its own: its style must not reach the notebook, nor the notebook's it.
 *
 * @param height pixels
 */
function framed(document: string, height: number, text: string): MimeBundle {
  const frame = html`<iframe srcdoc="${document}" title="${text}" style="width:100%;height:${height}px;border:0"></iframe>`;
  return { 'text/plain': text, 'text/html': frame.text };
}

async function soundMime({ samples, sampleRate, source }: SampledSound): Promise<MimeBundle> {
  checkSound({ samples, sampleRate }, 'what');
  const name = source ?? 'A recording';
  const { original } = levelsOf({ samples, sampleRate }, [], 400);
  const waveform = await waveformPlot(sampleRate, [{ name: '', samples, color: seriesColor(0) }]);
  const spectrogram = await spectrogramFigure(
    { name: 'Spectrogram', spectrogram: original },
    LEVEL_SCALE,
    'Spectrogram',
    { width: 1100, height: 180 },
  );
  const text = `${name}: ${formatCount(samples.length)} samples at ${formatCount(sampleRate)} Hz, ${formatSeconds(samples.length / sampleRate)}`;
  const content = html`<p class="note">${text}</p>
<div class="player">${player(sampleRate, samples, name)}</div>
<figure>${waveform}</figure>
${spectrogram}`;
  return framed(renderFragment(content), 480, text);
}

async function fitMime({
  steps,
  loss,
  losses,
  siSnr,
  seconds,
  secondsPerStep,
}: FitResult): Promise<MimeBundle> {
  const course = thin(
    Array.from(losses, (value, x) => ({ x, value })),
    400,
  );
  const text = `${formatCount(steps)} steps in ${formatSeconds(seconds)}, loss ${loss.toPrecision(4)}`;
  const plot = await curvesPlot(
    [{ name: 'Loss', color: seriesColor(0), points: course }],
    { x: 'Step', y: { title: 'Loss', type: 'log' } },
    { wide: 1100, narrow: 350, height: 220 },
    `Loss over ${steps} steps`,
  );
  const content = html`${keyFigures([
    { name: 'Steps', value: formatCount(steps) },
    { name: 'Loss', value: loss.toPrecision(4) },
    ...(siSnr === null ? [] : [{ name: 'SI-SNR', value: siSnr.toFixed(2), unit: 'dB' }]),
    { name: 'Time', value: formatSeconds(seconds) },
    { name: 'A step', value: (secondsPerStep * 1000).toFixed(1), unit: 'ms' },
  ])}
${figure('Loss', plot)}`;
  return framed(renderFragment(content), 400, text);
}

/** As text and Markdown, which every notebook styles as its own; as HTML where that says more. */
function tableMime(runs: readonly RunRow[], markup?: Markup): MimeBundle {
  const names = runs.flatMap(({ metrics }) => Object.keys(metrics));
  const columns = [...new Set(names)];
  return {
    'text/plain': runsTable(runs, { columns }),
    'text/markdown': runsTable(runs, { columns, format: 'markdown' }),
    ...(markup !== undefined && { 'text/html': markup.text }),
  };
}
