import { basename } from 'node:path';
import { writeFileAtomic } from '../files.js';
import { describeMetric, type Metrics } from '../metrics/registry.js';
import type { InrKind } from '../nn/index.js';
import type { FitProgress, FitResult } from '../train/index.js';
import { comparisonTable, type ReportedYardstick, yardstickSounds } from './comparison-table.js';
import { type Curve, type CurveAxes, curvesPlot, describeEnds, thin } from './curve-plot.js';
import { errorSection } from './error-section.js';
import { figure, html, type Markup, note, refused, renderPage, section } from './page.js';
import {
  type FactGroup,
  keyFigures,
  legend,
  listenSection,
  metricFigures,
  metricsTable,
  settingsSection,
  warningsNote,
} from './sections.js';
import {
  type ColorScale,
  colorBar,
  LEVEL_RANGE,
  LEVEL_SCALE,
  levelBar,
  levelDifference,
  levelsOf,
  spectrogramFigure,
} from './spectrogram.js';
import { seriesColor } from './svg-plot.js';
import { formatCount, formatSeconds, kindName } from './text-table.js';
import {
  envelope,
  modelWaveform,
  originalWaveform,
  type SampledSound,
  waveformPlot,
  zoomPlot,
  zoomWindow,
} from './waveform-plot.js';

/** A fitted network, and what it makes of the recording. */
export interface FittedNetwork extends Pick<FitResult, 'steps' | 'seconds' | 'secondsPerStep'> {
  readonly kind: InrKind;
  /** What to call it in headings; by default the kind's usual name. */
  readonly label?: string;
  /** Learnable numbers, as the paper counts them. */
  readonly parameters: number;
  /** Every option of the network, defaults included. */
  readonly options: Readonly<Record<string, unknown>>;
  /** As many samples as the original has, at its rate. */
  readonly reconstruction: Float32Array;
  readonly metrics: Readonly<Partial<Metrics>>;
  /** Loss before each update, [steps]. */
  readonly losses: ArrayLike<number>;
  /** At some of the steps, in order. */
  readonly siSnr?: readonly Pick<FitProgress, 'step' | 'siSnr'>[];
  /** What was noticed while it was fitted, such as an output that became constant. */
  readonly warnings?: readonly string[];
}

/** How, where and with what networks were fitted. */
export interface FitConditions extends Pick<FitResult, 'device' | 'threads'> {
  /** By default now. */
  readonly date?: Date;
  /** Every training option, defaults included. */
  readonly training: Readonly<Record<string, unknown>>;
  /** Versions by name; `fewsound` is the one in the header and the footer. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Input of `writeReport`. */
export interface ReportInput {
  /** By default made of the recording's and the model's names. */
  readonly title?: string;
  readonly original: SampledSound;
  readonly model: FittedNetwork;
  readonly yardstick?: ReportedYardstick;
  readonly run: FitConditions;
}

/** Input of `writeComparisonReport`. */
export interface ComparisonReportInput extends Omit<ReportInput, 'model'> {
  /** One or more, in the order of the columns and panels. */
  readonly models: readonly FittedNetwork[];
  /** Below the title; by default that all were fitted with as many steps and one seed. */
  readonly summary?: string;
}

type Labeled = FittedNetwork & { readonly label: string };

/**
 * Writes one self-contained HTML file about a fitted network: waveforms, spectrograms and their
 * difference, loss, metrics, settings, and players for the original and the reconstruction, unless
 * these are too long for a page (2²⁷ samples in all: three of 17 minutes at 44.1 kHz).
 *
 * The file needs no network and nothing beside it. It is written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where lengths differ or samples are missing, `IO` where
 *   the file cannot be written.
 */
export async function writeReport(path: string, input: ReportInput): Promise<void> {
  await writeFileAtomic(path, await renderReport(input));
}

/** The document of `writeReport` as text. */
export async function renderReport({
  original,
  run,
  title,
  yardstick,
  ...input
}: ReportInput): Promise<string> {
  const [model] = checkedModels(original, [input.model]) as [Labeled];
  const { sampleRate, samples } = original;
  const { label, reconstruction, metrics, parameters, seconds } = model;
  const levels = levelsOf(original, [reconstruction], 400);
  const zoom = zoomWindow(original, 0.025);
  const pair = [
    { ...originalWaveform(samples), width: 2.4 },
    modelWaveform('Reconstruction', reconstruction),
  ];
  const machine =
    run.device === 'cpu'
      ? `the CPU with ${run.threads} ${run.threads === 1 ? 'thread' : 'threads'}`
      : run.device;
  return renderPage({
    title: title ?? `${soundName(original)}, as a ${label} learned it`,
    summary: `${inWords(model.kind)} with ${formatCount(parameters)} parameters, fitted to ${extent(original)} in ${formatCount(model.steps)} steps. That took ${formatSeconds(seconds)} on ${machine}.`,
    date: run.date ?? new Date(),
    version: run.versions.fewsound,
    sections: [
      warningsNote(model.warnings),
      keyFigures([
        ...metricFigures(metrics),
        { name: 'Parameters', value: formatCount(parameters) },
        { name: 'Time', value: formatSeconds(seconds) },
      ]),
      listenSection(sampleRate, [...pair, ...yardstickSounds(yardstick)]),
      section(
        'Waveforms',
        html`<figure>${await waveformPlot(sampleRate, pair)}</figure>
<h3 style="margin-top:22px">The loudest ${zoom.milliseconds} milliseconds</h3>
${legend(pair)}
<figure>${await zoomPlot(sampleRate, zoom, pair)}</figure>`,
      ),
      await spectrogramsSection(levels, [{ name: 'Reconstruction', remark: label }], false),
      await errorSection(original, [{ name: label, samples: reconstruction }]),
      await fittingSection([model]),
      section('Metrics', metricsTable(metrics)),
      yardstick && section('Beside a transform', comparisonTable([model], yardstick)),
      settingsSection(settings([model], run)),
    ],
  });
}

/**
 * Writes one self-contained HTML file that compares networks fitted to one recording: metrics with
 * the best of each marked, spectrograms side by side (paper 1, figure 3), loss curves together, and
 * a player for each. Written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where there is no network, lengths differ or samples are
 *   missing, `IO` where the file cannot be written.
 */
export async function writeComparisonReport(
  path: string,
  input: ComparisonReportInput,
): Promise<void> {
  await writeFileAtomic(path, await renderComparisonReport(input));
}

/** The document of `writeComparisonReport` as text. */
export async function renderComparisonReport(input: ComparisonReportInput): Promise<string> {
  const { original, run, yardstick } = input;
  const models = checkedModels(original, input.models);
  const { samples, sampleRate } = original;
  const waveforms = models.map(({ label, reconstruction }, index) =>
    modelWaveform(label, reconstruction, index),
  );
  // Fewer columns than where there is only one network.
  const levels = levelsOf(
    original,
    waveforms.map((each) => each.samples),
    256,
  );
  const warnings = models.flatMap(({ label, warnings: own = [] }) =>
    own.map((warning) => `${label}: ${warning}`),
  );
  const names = new Intl.ListFormat('en-GB').format(models.map(({ label }) => label));
  const networks = models.length === 1 ? 'one network' : `${models.length} networks`;
  return renderPage({
    title: input.title ?? `${soundName(original)} in ${networks}`,
    summary:
      input.summary ??
      `${names}, each fitted to ${extent(original)}, with the same number of steps and the same seed.`,
    date: run.date ?? new Date(),
    version: run.versions.fewsound,
    sections: [
      warningsNote(warnings),
      section('Metrics', comparisonTable(models, yardstick)),
      listenSection(sampleRate, [
        originalWaveform(samples),
        ...waveforms,
        ...yardstickSounds(yardstick),
      ]),
      await spectrogramsSection(levels, waveforms, true),
      await errorSection(original, waveforms),
      await fittingSection(models),
      await waveformsSection(original, waveforms),
      settingsSection(settings(models, run)),
    ],
  });
}

/** Refuses what cannot be drawn, before anything is computed or written; the others get labels. */
function checkedModels(original: SampledSound, models: readonly FittedNetwork[]): Labeled[] {
  checkSound(original, 'the original');
  if (models.length === 0) throw refused('models', 'a comparison needs at least one model');
  for (const { kind, reconstruction } of models) {
    checkLength(reconstruction, original.samples, `'${kind}'`);
  }
  return models.map((model) => ({ ...model, label: model.label ?? kindName(model.kind) }));
}

/** @throws FewSoundError INVALID_ARGUMENT where there is nothing to draw */
export function checkSound({ samples, sampleRate }: SampledSound, what: string): void {
  if (samples.length === 0) throw refused('original', `${what} has no samples to draw`);
  if (sampleRate > 0) return;
  throw refused(
    'sampleRate',
    `the sample rate of ${what} is ${sampleRate}; expected a positive number of hertz`,
  );
}

/** @throws FewSoundError INVALID_ARGUMENT for unequal lengths */
export function checkLength(
  reconstruction: Float32Array,
  original: Float32Array,
  of: string,
): void {
  if (reconstruction.length === original.length) return;
  throw refused(
    'reconstruction',
    `the reconstruction of ${of} has ${reconstruction.length} samples and the original ${original.length}; render it at the original's length`,
  );
}

/** A short stretch of each reconstruction over the same stretch of the original. */
async function waveformsSection(
  original: SampledSound,
  waveforms: readonly ReturnType<typeof modelWaveform>[],
): Promise<Markup> {
  const zoom = zoomWindow(original, 0.012);
  const reference = originalWaveform(original.samples);
  const size = { wide: 372, height: 150 };
  const figures = await Promise.all(
    waveforms.map(async (each) =>
      figure(each.name, await zoomPlot(original.sampleRate, zoom, [reference, each], size)),
    ),
  );
  return section(
    `The loudest ${zoom.milliseconds} milliseconds`,
    html`${legend([reference, ...waveforms])}<div class="panels">${figures}</div>`,
  );
}

/** What to call a recording in a title. */
function soundName({ source }: SampledSound): string {
  return source === undefined ? 'A recording' : basename(source);
}

/** Length and rate of a recording in words. */
function extent({ samples, sampleRate }: SampledSound): string {
  const seconds = samples.length / sampleRate;
  return `${formatCount(samples.length)} samples (${seconds.toFixed(3)} s at ${sampleRate / 1000} kHz)`;
}

/** A network at the beginning of a sentence. */
function inWords(kind: string): string {
  if (kind === 'kan') return 'A Kolmogorov-Arnold network (KAN)';
  return `${kind === 'rff' ? 'An' : 'A'} ${kindName(kind)} network`;
}

/** As many decibels from end to end as the levels have; blue is missing, orange is too much. */
const DIFFERENCE_SCALE: ColorScale = {
  scheme: 'blueorange',
  domain: [-LEVEL_RANGE / 2, LEVEL_RANGE / 2],
};

/** Panels of levels and of differences from the original, with the keys to both color scales. */
async function spectrogramsSection(
  { fftSize, original, reconstructions }: ReturnType<typeof levelsOf>,
  models: readonly { readonly name: string; readonly remark?: string }[],
  differencesInOwnRow: boolean,
): Promise<Markup> {
  const size = differencesInOwnRow ? { width: 276, height: 170 } : { width: 372, height: 210 };
  const panels = [
    { name: 'Original', spectrogram: original },
    ...reconstructions.map((spectrogram, index) => ({
      ...{ name: '', ...models[index], spectrogram },
    })),
  ];
  const levels = await Promise.all(
    panels.map((panel) =>
      spectrogramFigure(panel, LEVEL_SCALE, `Spectrogram of ${panel.name}`, size),
    ),
  );
  const differences = await Promise.all(
    panels.slice(1).map(({ name, spectrogram }) =>
      spectrogramFigure(
        {
          name: differencesInOwnRow ? `${name} − original` : 'Difference',
          spectrogram: levelDifference(spectrogram, original),
        },
        DIFFERENCE_SCALE,
        `Difference in level between ${name} and the original`,
        size,
      ),
    ),
  );
  const difference = 'Reconstruction minus original, dB: blue is missing, orange is too much';
  const bars = html`<div class="bars">${await levelBar()}${await colorBar(DIFFERENCE_SCALE, difference)}</div>`;
  const explained = note(
    `Short-time Fourier transform with a Hann window of ${fftSize} samples. All spectrograms share one scale; the differences have as many decibels from end to end. Levels below −${LEVEL_RANGE} dB are drawn and compared as −${LEVEL_RANGE} dB.`,
  );
  const shown = differencesInOwnRow
    ? html`<div class="panels small">${levels}</div>
<h3 style="margin-top:28px">Differences from the original</h3>
<div class="panels small">${differences}</div>`
    : html`<div class="panels three">${levels}${differences}</div>`;
  return section('Spectrograms', html`${shown}${bars}${explained}`);
}

/** Points of a curve at most. */
const POINTS = 500;

/** Loss and, where it was recorded, SI-SNR over the steps. */
async function fittingSection(models: readonly Labeled[]): Promise<Markup | undefined> {
  const { title, unit } = describeMetric('siSnr');
  const curves = (pointsOf: (model: Labeled) => Curve['points'], least: number) =>
    models
      .map((model, index) => ({
        ...{ name: model.label, color: seriesColor(index + 1), points: pointsOf(model) },
      }))
      .filter(({ points }) => points.length >= least);
  const losses = curves(
    (model) =>
      envelope(model.losses, POINTS)
        // A logarithmic axis has no place for zero.
        .filter(({ mean }) => mean > 0)
        .map(({ index, mean }) => ({ x: Math.round(index) + 1, value: mean })),
    1,
  );
  const ratios = curves(
    ({ siSnr = [] }) =>
      thin(
        siSnr.flatMap(({ step, siSnr: value }) =>
          value !== null && Number.isFinite(value) ? [{ x: step, value }] : [],
        ),
        POINTS,
      ),
    2,
  );
  const alone = !models.some((model) => (model.siSnr?.length ?? 0) > 1);
  const sizes = { wide: alone ? 1100 : 540, narrow: 350 };
  const plot = (drawn: readonly Curve[], y: CurveAxes['y'], of: string, unit = '') =>
    curvesPlot(drawn, { x: 'Step', y }, sizes, `${of}: ${describeEnds(drawn, unit)}`);
  if (losses.length === 0 && ratios.length === 0) return undefined;
  const figures = [
    losses.length > 0 &&
      figure(
        'Loss',
        await plot(
          losses,
          { title: 'Loss', type: 'log', format: '~g' },
          'Loss over training steps, logarithmic axis',
        ),
        'before each update, logarithmic axis',
      ),
    ratios.length > 0 &&
      figure(
        title,
        await plot(
          ratios,
          { title: `${title} (${unit})`, type: 'linear' },
          `${title} in decibels over training steps`,
          ` ${unit}`,
        ),
        'before each update',
      ),
  ];
  const named = models.map(({ label }, index) => ({ name: label, color: seriesColor(index + 1) }));
  const content = html`<div class="${alone ? '' : 'pair'}">${figures}</div>`;
  return section('Training', html`${models.length > 1 && legend(named)}${content}`);
}

/** Everything that was set, in groups. */
function settings(models: readonly Labeled[], run: FitConditions): FactGroup[] {
  return [
    ...models.map(
      ({ label, parameters, options, steps, seconds, secondsPerStep }): FactGroup => [
        `Network: ${label}`,
        {
          parameters,
          ...options,
          'steps done': steps,
          time: formatSeconds(seconds),
          'time a step': `${(secondsPerStep * 1000).toFixed(1)} ms`,
        },
      ],
    ),
    ['Training', run.training],
    ['Machine', { device: run.device, threads: run.threads, ...run.versions }],
  ];
}
