import { encodeWav } from '../audio/write-wav.js';
import type { ColourScale } from './colour-map.js';
import { describeMetric, formatMetric } from './metrics.js';
import { html, type Markup, section } from './page.js';
import type { PanelSize } from './spectrogram.js';
import { colourBar, levelDifference, type Spectrogram, spectrogramPlot } from './spectrogram.js';
import { seriesColour } from './svg-plot.js';
import { lossPlot, siSnrPlot } from './training-plot.js';
import type { ReportedMetrics, ReportedModel } from './types.js';

/** Decibels below the original's loudest point at which the colours end. */
const RANGE = 80;

/** Levels of the spectrograms, in decibels relative to the original's peak. */
export const LEVEL_SCALE: ColourScale = { scheme: 'magma', domain: [-RANGE, 0] };

/** As many decibels from end to end as the levels have; blue where sound is missing, orange where there is too much. */
export const DIFFERENCE_SCALE: ColourScale = {
  scheme: 'blueorange',
  domain: [-RANGE / 2, RANGE / 2],
};

/** The colour of a model's curves and waveform; the original's is series 0. */
export const modelColour = (index: number) => seriesColour(index + 1);

/** Names with the colours of their curves. */
export function legend(entries: readonly { name: string; colour: string }[]): Markup {
  return html`<ul class="legend">${entries.map(
    ({ name, colour }) =>
      html`<li><span class="key" style="background:${colour}"></span>${name}</li>`,
  )}</ul>`;
}

/** A player for a sound, as 16-bit WAV; `label` says what is played. */
export function player(sampleRate: number, samples: Float32Array, label: string): Markup {
  const wav = encodeWav({ samples, sampleRate }, { bitDepth: 16 });
  const source = `data:audio/wav;base64,${Buffer.from(wav).toString('base64')}`;
  return html`<audio controls preload="metadata" aria-label="${label}" src="${source}"></audio>`;
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

/** Metrics as key figures; those that were not measured are left out. */
export function metricFigures(keys: readonly string[], metrics: ReportedMetrics) {
  return keys.flatMap((key) => {
    const value = metrics[key];
    if (value === undefined) return [];
    const { name, unit } = describeMetric(key);
    return [{ name, value: formatMetric(key, value), unit: value === null ? '' : unit }];
  });
}

/** Players for sounds of one rate, as 16-bit WAV. */
export function listenSection(
  sampleRate: number,
  sounds: readonly { name: string; samples: Float32Array }[],
): Markup {
  const players = sounds.map(
    ({
      name,
      samples,
    }) => html`<div class="player"><h3>${name}</h3>${player(sampleRate, samples, name)}</div>
`,
  );
  return section('Listen', html`<div class="players">${players}</div>`, 'listen');
}

export interface SpectrogramPanel {
  readonly name: string;
  /** Beside the name, in lighter type. */
  readonly remark?: string;
  readonly spectrogram: Spectrogram;
}

/** Panels of levels and of differences to the first of them, with the keys to both colour scales. */
export async function spectrogramsSection(
  panels: readonly SpectrogramPanel[],
  differencesInOwnRow: boolean,
  settings: { fftSize: number },
): Promise<Markup> {
  const [original, ...others] = panels as [SpectrogramPanel, ...SpectrogramPanel[]];
  const size = differencesInOwnRow ? { width: 276, height: 170 } : { width: 372, height: 210 };
  const levels = await Promise.all(
    panels.map((panel) =>
      spectrogramFigure(panel, LEVEL_SCALE, `Spectrogram of ${panel.name}`, size),
    ),
  );
  const differences = await Promise.all(
    others.map((panel) =>
      spectrogramFigure(
        {
          name: differencesInOwnRow ? `${panel.name} − original` : 'Difference',
          spectrogram: levelDifference(panel.spectrogram, original.spectrogram),
        },
        DIFFERENCE_SCALE,
        `Difference in level between ${panel.name} and the original`,
        size,
      ),
    ),
  );
  const bars = html`<div class="bars">${await colourBar(LEVEL_SCALE, 'Level, dB relative to the peak of the original')}${await colourBar(DIFFERENCE_SCALE, 'Reconstruction minus original, dB: blue is missing, orange is too much')}</div>`;
  const note = html`<p class="note">Short-time Fourier transform with a Hann window of ${settings.fftSize} samples. All spectrograms share one scale; the differences have as many decibels from end to end. Levels below −${RANGE} dB are drawn and compared as −${RANGE} dB.</p>`;
  return section(
    'Spectrograms',
    differencesInOwnRow
      ? html`<div class="panels small">${levels}</div>
<h3 style="margin-top:28px">Differences to the original</h3>
<div class="panels small">${differences}</div>${bars}${note}`
      : html`<div class="panels three">${levels}${differences}</div>${bars}${note}`,
  );
}

/** A spectrogram with its name above and whatever belongs to it below. */
export async function spectrogramFigure(
  { name, remark, spectrogram }: SpectrogramPanel,
  scale: ColourScale,
  label: string,
  size: PanelSize,
  below?: Markup,
): Promise<Markup> {
  const plot = await spectrogramPlot(spectrogram, scale, label, size);
  return html`<figure><figcaption>${name}${remark !== undefined && html` <span>${remark}</span>`}</figcaption>${plot}${below}</figure>
`;
}

/** Loss and, where it was recorded, SI-SNR over the steps. */
export async function trainingSection(
  models: readonly (ReportedModel & { label: string })[],
): Promise<Markup | undefined> {
  const curves = models.map((model, index) => ({
    name: model.label,
    colour: modelColour(index),
    model,
  }));
  const alone = !models.some((model) => (model.siSnr?.length ?? 0) > 1);
  const sizes = { wide: alone ? 1100 : 540, narrow: 350 };
  const loss = await lossPlot(curves, sizes);
  const siSnr = await siSnrPlot(curves, sizes);
  if (!loss && !siSnr) return undefined;
  const content = html`<div class="${alone ? '' : 'pair'}">
${loss && html`<figure><figcaption>Loss <span>before each update, logarithmic axis</span></figcaption>${loss}</figure>`}
${siSnr && html`<figure><figcaption>SI-SNR <span>before each update</span></figcaption>${siSnr}</figure>`}
</div>`;
  return section('Training', html`${models.length > 1 && legend(curves)}${content}`);
}
