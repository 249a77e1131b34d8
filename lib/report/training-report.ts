import { writeFileAtomic } from '../files.js';
import { type Metrics, metricInWords, orderedMetrics } from '../metrics/registry.js';
import { checkLength, checkSound } from './fit-report.js';
import { figure, html, type Markup, note, refused, renderPage, section } from './page.js';
import {
  keyFigure,
  keyFigures,
  legend,
  metricFigures,
  player,
  settingsSection,
  warningsNote,
} from './sections.js';
import { LEVEL_SCALE, levelBar, levelsOf, spectrogramFigure } from './spectrogram.js';
import { seriesColor } from './svg-plot.js';
import { formatCount, formatSeconds } from './text-table.js';
import {
  type Course,
  courseOf,
  curvesSection,
  progress,
  recordedMetrics,
  type TrainingCourse,
  type ValidationMetric,
  validationsSection,
  valuesOf,
} from './training-course.js';
import { modelWaveform, originalWaveform, zoomPlot, zoomWindow } from './waveform-plot.js';

/** A recording of the validation part, and what the model makes of it. */
export interface ReconstructedSound {
  readonly name: string;
  /** Hz. */
  readonly sampleRate: number;
  /** [samples] */
  readonly original: Float32Array;
  /** As many samples; NaN where the training failed. */
  readonly reconstruction: Float32Array;
  readonly metrics: Readonly<Partial<Metrics>>;
}

/** Input of `writeTrainingReport`. */
export interface TrainingReportInput extends TrainingCourse {
  /** In the order of the page. May be empty. */
  readonly reconstructions: readonly ReconstructedSound[];
  /** Metrics of the validations in the order of the columns; by default all that were recorded. */
  readonly columns?: readonly ValidationMetric[];
}

/**
 * Writes one self-contained HTML file about a training on a corpus: curves of losses, metrics and
 * learning rate, a table of the validations with the best marked, reconstructions to listen to and
 * to look at, and what was trained on what. A training that was stopped, or has not come far, has
 * one too.
 *
 * The file needs no network and nothing beside it. It is written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where samples are missing, not finite or of unequal
 *   lengths, or there is no validation at `bestStep`; `IO` where the file cannot be written
 */
export async function writeTrainingReport(path: string, input: TrainingReportInput): Promise<void> {
  await writeFileAtomic(path, await renderTrainingReport(input));
}

/** The document of `writeTrainingReport` as text. */
export async function renderTrainingReport(input: TrainingReportInput): Promise<string> {
  for (const { name, sampleRate, original, reconstruction } of input.reconstructions) {
    checkSound({ samples: original, sampleRate }, `the original of '${name}'`);
    if (!original.every(Number.isFinite)) {
      throw refused('original', `the original of '${name}' has samples that are not finite`);
    }
    checkLength(reconstruction, original, `'${name}'`);
  }
  const course = courseOf(input);
  const columns = input.columns ?? recordedMetrics(course);
  return renderPage({
    title: input.title,
    summary: input.summary ?? progress(input),
    date: input.date ?? new Date(),
    version: input.version,
    sections: [
      warningsNote(course.warnings),
      figures(input, course, columns),
      await curvesSection(course),
      validationsSection(course, columns),
      await reconstructionsSection(input.reconstructions),
      settingsSection(Object.entries(input.facts)),
    ],
  });
}

function figures(
  { records }: TrainingReportInput,
  { shown, isBestShown }: Course,
  columns: readonly string[],
): Markup | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  const progressed = [
    { name: 'Steps', value: formatCount(last.step) },
    { name: 'Time', value: formatSeconds(last.seconds) },
  ];
  if (shown === undefined) return keyFigures(progressed);
  const values = valuesOf(shown);
  const chosen = Object.fromEntries(columns.map((name) => [name, values[name]]));
  return html`${keyFigures([
    keyFigure('loss', shown.loss, 'Validation'),
    ...metricFigures(chosen),
    ...progressed,
  ])}${note(`Metrics of the ${isBestShown ? 'best' : 'last'} validation, after epoch ${shown.epoch}.`)}`;
}

/** Recordings with pictures; those after them are only to be listened to. */
const PICTURED = 12;

const PANEL = { width: 372, height: 190 };

/** Recordings of the validation part: players, spectrograms and a short stretch of waveforms. */
async function reconstructionsSection(
  sounds: readonly ReconstructedSound[],
): Promise<Markup | undefined> {
  if (sounds.length === 0) return undefined;
  const parts: Markup[] = [];
  // One after another: of many long recordings only one spectrogram is in memory.
  for (const [index, sound] of sounds.entries()) {
    const content = index < PICTURED ? await pictures(sound) : players(sound);
    parts.push(html`<div class="recording"><h3>${sound.name}</h3>
<p class="note">${metricsLine(sound)}</p>
${content}</div>
`);
  }
  const names = ['Original', 'Reconstruction'];
  const entries = names.map((name, index) => ({ name, color: seriesColor(index) }));
  return section(
    'Reconstructions',
    html`${legend(entries)}${parts}<div class="bars">${await levelBar()}</div>`,
  );
}

const NOTHING = note('The model gives NaN or infinities here: there is nothing to hear or to see.');

const allFinite = (samples: Float32Array) => samples.every(Number.isFinite);

async function pictures(sound: ReconstructedSound): Promise<Markup> {
  const { name, sampleRate, original, reconstruction } = sound;
  const waveforms = [
    originalWaveform(original),
    ...(allFinite(reconstruction) ? [modelWaveform('Reconstruction', reconstruction)] : []),
  ];
  const [, ...estimates] = waveforms.map(({ samples }) => samples);
  const clip = { samples: original, sampleRate };
  const levels = levelsOf(clip, estimates, 256);
  const spectrograms = [levels.original, ...levels.reconstructions];
  const figures = await Promise.all(
    waveforms.map(({ name: title, samples }, index) => {
      const of = `${name}, ${title.toLowerCase()}`;
      return spectrogramFigure(
        {
          name: title,
          spectrogram: spectrograms[index] as typeof levels.original,
          below: player(sampleRate, samples, of),
        },
        LEVEL_SCALE,
        `Spectrogram of ${of}`,
        PANEL,
      );
    }),
  );
  const zoom = zoomWindow(clip, 0.012);
  const size = { wide: PANEL.width, height: PANEL.height };
  const remark = `the loudest ${zoom.milliseconds} ms`;
  return html`<div class="panels three">
${figures}${estimates.length === 0 && figure('Reconstruction', NOTHING)}
${figure('Waveforms', await zoomPlot(sampleRate, zoom, waveforms, size), remark)}
</div>`;
}

function players({ name, sampleRate, original, reconstruction }: ReconstructedSound): Markup {
  return html`<div class="players"><div class="player">${player(sampleRate, original, `${name}, original`)}</div>
<div class="player">${allFinite(reconstruction) ? player(sampleRate, reconstruction, `${name}, reconstruction`) : NOTHING}</div></div>`;
}

function metricsLine({ metrics, original, sampleRate }: ReconstructedSound): string {
  const values: Readonly<Record<string, number | null | undefined>> = metrics;
  const length = `${(original.length / sampleRate).toFixed(2)} s at ${sampleRate / 1000} kHz`;
  const names = orderedMetrics(Object.keys(metrics));
  return [length, ...names.map((name) => metricInWords(name, values[name]))].join(' · ');
}
