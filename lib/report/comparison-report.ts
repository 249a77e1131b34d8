import { writeFileAtomic } from '../files.js';
import { checkReportInput } from './check-input.js';
import { html, type Markup, renderPage, section } from './page.js';
import { extent, soundName } from './report.js';
import {
  LEVEL_SCALE,
  legend,
  listenSection,
  modelColour,
  spectrogramsSection,
  trainingSection,
  warningsNote,
} from './sections.js';
import { fftSizeFor, levelsInDecibels, peakPower, powerSpectrogram } from './spectrogram.js';
import { seriesColour } from './svg-plot.js';
import { comparisonTable, labelled, settingsTables } from './tables.js';
import type { ComparisonReportInput } from './types.js';
import { zoomPlot, zoomWindow } from './waveform-plot.js';

/** Columns of a spectrogram's picture: fewer than where there is only one network. */
const COLUMNS = 256;

/** Seconds that are drawn sample by sample. */
const ZOOM = 0.012;

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
  checkReportInput(input.original, input.models);
  const { original, run } = input;
  const models = input.models.map(labelled);
  const { sampleRate, samples } = original;

  const fftSize = fftSizeFor(sampleRate);
  const options = { fftSize, columns: COLUMNS };
  const power = powerSpectrogram(original, options);
  const peak = peakPower(power);
  const floor = LEVEL_SCALE.domain[0];
  const panels = [
    { name: 'Original', spectrogram: levelsInDecibels(power, peak, floor) },
    ...models.map(({ label, reconstruction }) => ({
      name: label,
      spectrogram: levelsInDecibels(
        powerSpectrogram({ samples: reconstruction, sampleRate }, options),
        peak,
        floor,
      ),
    })),
  ];

  const warnings = models.flatMap(({ label, warnings: own = [] }) =>
    own.map((warning) => `${label}: ${warning}`),
  );
  const sections = [
    warningsNote(warnings),
    section('Metrics', comparisonTable(models)),
    listenSection(sampleRate, [
      { name: 'Original', samples },
      ...models.map(({ label, reconstruction }) => ({ name: label, samples: reconstruction })),
    ]),
    await spectrogramsSection(panels, true, { fftSize }),
    await trainingSection(models),
    await waveformSection(input, models),
    section('Settings', settingsTables(models, run)),
  ];
  const names = new Intl.ListFormat('en-GB').format(models.map(({ label }) => label));
  return renderPage({
    title:
      input.title ??
      `${soundName(original)} in ${models.length === 1 ? 'one network' : `${models.length} networks`}`,
    summary: `${names}, each fitted to ${extent(original)}, with the same number of steps and the same seed.`,
    date: run.date ?? new Date(),
    version: run.versions.fewsound,
    sections,
  });
}

/** A short stretch of each reconstruction over the same stretch of the original. */
async function waveformSection(
  { original }: ComparisonReportInput,
  models: readonly { label: string; reconstruction: Float32Array }[],
): Promise<Markup> {
  const zoom = zoomWindow(original, ZOOM);
  const reference = {
    name: 'Original',
    samples: original.samples,
    colour: seriesColour(0),
    width: 2.2,
  };
  const figures = await Promise.all(
    models.map(async ({ label, reconstruction }, index) => {
      const estimate = {
        name: label,
        samples: reconstruction,
        colour: modelColour(index),
        width: 1.2,
      };
      const plot = await zoomPlot(original.sampleRate, zoom, [reference, estimate], {
        wide: 372,
        height: 150,
      });
      return html`<figure><figcaption>${label}</figcaption>${plot}</figure>
`;
    }),
  );
  const colours = [
    reference,
    ...models.map(({ label }, index) => ({ name: label, colour: modelColour(index) })),
  ];
  return section(
    `The loudest ${Math.round((zoom.to - zoom.from) * 1000)} milliseconds`,
    html`${legend(colours)}<div class="panels">${figures}</div>`,
  );
}
