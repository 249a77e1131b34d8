import type { ColourScale } from './colour-map.js';
import { gradient } from './colour-map.js';
import { html, Markup } from './html.js';
import type { Spectrogram } from './spectrogram.js';
import { imageDataUri, spectrogramImage } from './spectrogram-image.js';
import { plotMarkup } from './svg-plot.js';

/** Pixels of a panel, axes included, and of the height of its picture. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

/** A spectrogram as a picture with axes in seconds and kilohertz. */
export async function spectrogramPlot(
  spectrogram: Spectrogram,
  scale: ColourScale,
  label: string,
  panel: PanelSize,
): Promise<Markup> {
  const image = imageDataUri(await spectrogramImage(spectrogram, scale));
  const kilohertz = spectrogram.sampleRate / 2000;
  return plotMarkup(
    (width) => ({
      width: width - 50,
      height: panel.height,
      data: { values: [{}] },
      layer: [
        {
          mark: {
            type: 'image',
            width: width - 50,
            height: panel.height,
            align: 'left',
            baseline: 'top',
            aspect: false,
          },
          encoding: { url: { value: image }, x: { value: 0 }, y: { value: 0 } },
        },
        {
          // Carries the axes.
          mark: { type: 'rule', opacity: 0 },
          encoding: {
            x: {
              datum: 0,
              type: 'quantitative',
              scale: { domain: [0, spectrogram.duration], nice: false },
              axis: { title: 'Time (s)', grid: false, tickCount: 5 },
            },
            y: {
              datum: 0,
              type: 'quantitative',
              scale: { domain: [0, kilohertz], nice: false },
              axis: { title: 'Frequency (kHz)', grid: false, tickCount: 6 },
            },
          },
        },
      ],
    }),
    { wide: panel.width },
    label,
  );
}

/** The key to a colour scale, with marks at equal distances. */
export async function colourBar(scale: ColourScale, title: string, marks = 5): Promise<Markup> {
  const [low, high] = scale.domain;
  const signed = low < 0 && high > 0;
  const labels = Array.from({ length: marks }, (_, index) => {
    const value = low + ((high - low) * index) / (marks - 1);
    const text = `${value < 0 ? '−' : signed && value > 0 ? '+' : ''}${Math.abs(value)}`;
    return html`<span>${text}</span>`;
  });
  const strip = new Markup(`style="background:${await gradient(scale)}"`);
  return html`<div class="colour-bar"><div class="strip" ${strip}></div><div class="marks">${labels}</div><div class="title">${title}</div></div>`;
}
