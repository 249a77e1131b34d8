import { describeMetric, formatMetric, orderedMetrics } from './metrics.js';
import { html, type Markup, section } from './page.js';
import { LEVEL_SCALE, legend, player, spectrogramFigure } from './sections.js';
import {
  colourBar,
  fftSizeFor,
  levelsInDecibels,
  peakPower,
  powerSpectrogram,
} from './spectrogram.js';
import { seriesColour } from './svg-plot.js';
import type { ReportedReconstruction } from './types.js';
import { zoomPlot, zoomWindow } from './waveform-plot.js';

/** Columns of a spectrogram's picture. */
const COLUMNS = 256;

/** Seconds that are drawn sample by sample. */
const ZOOM = 0.012;

/** Recordings with pictures; those after them are only to be listened to. */
const PICTURED = 12;

const PANEL = { width: 372, height: 190 };
const ORIGINAL = { name: 'Original', colour: seriesColour(0) };
const RECONSTRUCTION = { name: 'Reconstruction', colour: seriesColour(1) };

/** Recordings of the validation part: players, spectrograms and a short stretch of the waveforms. */
export async function reconstructionsSection(
  sounds: readonly ReportedReconstruction[],
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
  const bar = await colourBar(LEVEL_SCALE, 'Level, dB relative to the peak of the original');
  return section(
    'Reconstructions',
    html`${legend([ORIGINAL, RECONSTRUCTION])}${parts}<div class="bars">${bar}</div>`,
  );
}

async function pictures(sound: ReportedReconstruction): Promise<Markup> {
  const { name, sampleRate, original, reconstruction } = sound;
  const options = { fftSize: fftSizeFor(sampleRate), columns: COLUMNS };
  const power = powerSpectrogram({ samples: original, sampleRate }, options);
  const peak = peakPower(power);
  const spectrogram = (samples: Float32Array, title: string) =>
    spectrogramFigure(
      {
        name: title,
        spectrogram: levelsInDecibels(
          samples === original ? power : powerSpectrogram({ samples, sampleRate }, options),
          peak,
          LEVEL_SCALE.domain[0],
        ),
      },
      LEVEL_SCALE,
      `Spectrogram of ${name}, ${title.toLowerCase()}`,
      PANEL,
      player(sampleRate, samples, `${name}, ${title.toLowerCase()}`),
    );
  const playable = allFinite(reconstruction);
  const zoom = zoomWindow({ samples: original, sampleRate }, ZOOM);
  const waveforms = await zoomPlot(
    sampleRate,
    zoom,
    [
      { ...ORIGINAL, samples: original, width: 2.2 },
      ...(playable ? [{ ...RECONSTRUCTION, samples: reconstruction, width: 1.2 }] : []),
    ],
    { wide: PANEL.width, height: PANEL.height },
  );
  return html`<div class="panels three">
${await spectrogram(original, ORIGINAL.name)}
${playable ? await spectrogram(reconstruction, RECONSTRUCTION.name) : html`<figure><figcaption>${RECONSTRUCTION.name}</figcaption>${NOTHING}</figure>`}
<figure><figcaption>Waveforms <span>the loudest ${Math.round((zoom.to - zoom.from) * 1000)} ms</span></figcaption>${waveforms}</figure>
</div>`;
}

function players({ name, sampleRate, original, reconstruction }: ReportedReconstruction): Markup {
  return html`<div class="players"><div class="player">${player(sampleRate, original, `${name}, original`)}</div>
<div class="player">${allFinite(reconstruction) ? player(sampleRate, reconstruction, `${name}, reconstruction`) : NOTHING}</div></div>`;
}

const NOTHING = html`<p class="note">The model gives NaN or infinities here: there is nothing to hear or to see.</p>`;

function allFinite(samples: Float32Array): boolean {
  return samples.every(Number.isFinite);
}

function metricsLine({ metrics, original, sampleRate }: ReportedReconstruction): string {
  const values = orderedMetrics(Object.keys(metrics)).map((key) => {
    const { name, unit } = describeMetric(key);
    const value = metrics[key];
    return `${name} ${formatMetric(key, value)}${value !== null && unit !== '' ? ` ${unit}` : ''}`;
  });
  const length = `${(original.length / sampleRate).toFixed(2)} s at ${sampleRate / 1000} kHz`;
  return [length, ...values].join(' · ');
}
