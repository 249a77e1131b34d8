import { basename } from 'node:path';
import { writeFileAtomic } from '../files.js';
import { checkReportInput } from './check-input.js';
import { kindInWords } from './metrics.js';
import { html, renderPage, section } from './page.js';
import {
  keyFigures,
  LEVEL_SCALE,
  legend,
  listenSection,
  metricFigures,
  spectrogramsSection,
  trainingSection,
  warningsNote,
} from './sections.js';
import { fftSizeFor, levelsInDecibels, peakPower, powerSpectrogram } from './spectrogram.js';
import { seriesColour } from './svg-plot.js';
import { labelled, metricsTable, settingsTables } from './tables.js';
import { formatCount, formatSeconds } from './text-table.js';
import type { ReportedModel, ReportedSound, ReportInput } from './types.js';
import { waveformPlot, zoomPlot, zoomWindow } from './waveform-plot.js';

/** Columns of a spectrogram's picture. */
const COLUMNS = 400;

/** Seconds that are drawn sample by sample. */
const ZOOM = 0.025;

/**
 * Writes one self-contained HTML file about a fitted network: waveforms, spectrograms and their
 * difference, loss, metrics, settings, and players for the original and the reconstruction.
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
export async function renderReport(input: ReportInput): Promise<string> {
  checkReportInput(input.original, [input.model]);
  const { original, run } = input;
  const model = labelled(input.model);
  const { sampleRate, samples } = original;

  const fftSize = fftSizeFor(sampleRate);
  const power = {
    original: powerSpectrogram(original, { fftSize, columns: COLUMNS }),
    model: powerSpectrogram(
      { samples: model.reconstruction, sampleRate },
      { fftSize, columns: COLUMNS },
    ),
  };
  const peak = peakPower(power.original);
  const floor = LEVEL_SCALE.domain[0];

  const zoom = zoomWindow(original, ZOOM);
  const pair = [
    { name: 'Original', samples, colour: 0 },
    { name: 'Reconstruction', samples: model.reconstruction, colour: 1 },
  ];
  const overlay = [
    { name: 'Original', samples, colour: seriesColour(0), width: 2.4 },
    { name: 'Reconstruction', samples: model.reconstruction, colour: seriesColour(1), width: 1.2 },
  ];

  const sections = [
    warningsNote(model.warnings),
    keyFigures([
      ...metricFigures(['siSnr', 'psnr', 'lsd', 'pesq', 'stoi'], model.metrics),
      { name: 'Parameters', value: formatCount(model.parameters) },
      { name: 'Time', value: formatSeconds(model.seconds) },
    ]),
    listenSection(sampleRate, pair),
    section(
      'Waveforms',
      html`<figure>${await waveformPlot(sampleRate, pair)}</figure>
<h3 style="margin-top:22px">The loudest ${Math.round((zoom.to - zoom.from) * 1000)} milliseconds</h3>
${legend(overlay)}
<figure>${await zoomPlot(sampleRate, zoom, overlay)}</figure>`,
    ),
    await spectrogramsSection(
      [
        { name: 'Original', spectrogram: levelsInDecibels(power.original, peak, floor) },
        {
          name: 'Reconstruction',
          remark: model.label,
          spectrogram: levelsInDecibels(power.model, peak, floor),
        },
      ],
      false,
      { fftSize },
    ),
    await trainingSection([model]),
    section('Metrics', metricsTable(model.metrics)),
    section('Settings', settingsTables([model], run)),
  ];
  return renderPage({
    title: input.title ?? `${soundName(original)}, as a ${model.label} learned it`,
    summary: summary(original, model, run.device, run.threads),
    date: run.date ?? new Date(),
    version: run.versions.fewsound,
    sections,
  });
}

/** What to call a recording in a title. */
export function soundName({ source }: ReportedSound): string {
  return source === undefined ? 'A recording' : basename(source);
}

/** Length and rate of a recording in words. */
export function extent({ samples, sampleRate }: ReportedSound): string {
  const seconds = samples.length / sampleRate;
  return `${formatCount(samples.length)} samples (${seconds.toFixed(3)} s at ${sampleRate / 1000} kHz)`;
}

function summary(
  original: ReportedSound,
  model: ReportedModel & { label: string },
  device: string,
  threads: number,
): string {
  const machine =
    device === 'cpu' ? `the CPU with ${threads} ${threads === 1 ? 'thread' : 'threads'}` : device;
  return `${model.kind === 'rff' ? 'An' : 'A'} ${kindInWords(model.kind)} with ${formatCount(model.parameters)} parameters, fitted to ${extent(original)} in ${formatCount(model.steps)} steps. That took ${formatSeconds(model.seconds)} on ${machine}.`;
}
