import type { ColourScale } from './colour-map.js';
import { gradient } from './colour-map.js';
import { html, Markup } from './html.js';
import { type PanelSize, picturePlot } from './picture-plot.js';
import type { Spectrogram } from './spectrogram.js';
import { imageDataUri, spectrogramImage } from './spectrogram-image.js';

/** A spectrogram as a picture with axes in seconds and kilohertz. */
export async function spectrogramPlot(
  spectrogram: Spectrogram,
  scale: ColourScale,
  label: string,
  panel: PanelSize,
): Promise<Markup> {
  const image = imageDataUri(await spectrogramImage(spectrogram, scale));
  const axes = {
    x: { title: 'Time (s)', domain: [0, spectrogram.duration] as const },
    y: { title: 'Frequency (kHz)', domain: [0, spectrogram.sampleRate / 2000] as const },
  };
  return picturePlot(image, axes, label, panel);
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
