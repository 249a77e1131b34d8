import { FewSoundError } from '../errors.js';
import { ops, scope, tensor } from '../tensor/index.js';
import { type ColourScale, gradient, palette } from './colour-map.js';
import { html, Markup } from './page.js';
import { plotMarkup } from './svg-plot.js';
import type { ReportedSound } from './types.js';

/** Pixels of a panel, axes included, and of the height of its picture. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

/** An axis along a picture, from its first pixel to its last. */
export interface PictureAxis {
  readonly title: string;
  readonly domain: readonly [number, number];
  /** Default 'linear'. */
  readonly type?: 'linear' | 'log';
}

/** A picture with axes. `label` says what it shows to those who cannot see it. */
export async function picturePlot(
  imageUri: string,
  axes: { readonly x: PictureAxis; readonly y: PictureAxis },
  label: string,
  panel: PanelSize,
): Promise<Markup> {
  const width = panel.width - 50;
  return plotMarkup(
    () => ({
      width,
      height: panel.height,
      data: { values: [{}] },
      layer: [
        {
          mark: {
            type: 'image',
            width,
            height: panel.height,
            align: 'left',
            baseline: 'top',
            aspect: false,
          },
          encoding: { url: { value: imageUri }, x: { value: 0 }, y: { value: 0 } },
        },
        {
          // Carries the axes.
          mark: { type: 'rule', opacity: 0 },
          encoding: { x: channel(axes.x, 5), y: channel(axes.y, 6) },
        },
      ],
    }),
    { wide: panel.width },
    label,
  );
}

function channel({ title, domain, type = 'linear' }: PictureAxis, tickCount: number) {
  return {
    datum: domain[0],
    type: 'quantitative' as const,
    scale: { domain: [...domain], nice: false, type },
    axis: { title, grid: false, tickCount, ...(type === 'log' && { format: '~g' }) },
  };
}

/** Which frames of a recording: frame i is centred on sample i · hop. */
export interface FrameRange {
  readonly fftSize: number;
  readonly hop: number;
  readonly first: number;
  readonly count: number;
}

/**
 * Power |X|² of windowed frames, periodic Hann, silence beyond the ends.
 *
 * @returns [fftSize / 2 + 1, count], row after row
 */
export function powerFrames(
  samples: Float32Array,
  { fftSize, hop, first, count }: FrameRange,
): Float32Array {
  const from = first * hop - fftSize / 2;
  const to = from + (count - 1) * hop + fftSize;
  const stretch = new Float32Array(to - from);
  stretch.set(samples.subarray(Math.max(0, from), Math.max(0, to)), Math.max(0, -from));
  return scope(() => {
    const window = ops.hannWindow(fftSize);
    const spectrum = tensor(stretch).stft(fftSize, { hop, window, center: false });
    // The data is a view of memory that the scope frees.
    return spectrum.abs().square().data('float32').slice();
  });
}

/** A picture in PNG format. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

/** Values over time and frequency. */
export interface TimeFrequency {
  /** Row after row, [bins, frames], lowest frequency first. */
  readonly values: Float32Array;
  readonly bins: number;
  readonly frames: number;
}

/** Steps of colour: half a decibel each over 80 dB. More make the file larger and look the same. */
const LEVELS = 161;

/**
 * Draws values over time and frequency as a picture, one pixel a value, time to the right and
 * frequency upwards. Values beyond the scale get the colour of its end.
 *
 * @throws FewSoundError `SHAPE_MISMATCH` where there are not bins · frames values, `INVALID_ARGUMENT`
 *   for a scale whose ends are not in order
 */
export async function spectrogramImage(
  { values, bins, frames }: TimeFrequency,
  scale: ColourScale,
): Promise<PngImage> {
  const [low, high] = scale.domain;
  if (values.length !== bins * frames || values.length === 0) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `spectrogramImage: there are ${values.length} values for ${bins} bins in ${frames} frames.`,
      { field: 'values', shapes: [[values.length], [bins, frames]] },
    );
  }
  if (!(low < high)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `spectrogramImage: the scale goes from ${low} to ${high}; expected two numbers, the first below the second.`,
      { field: 'domain' },
    );
  }
  const data = new Uint8Array(bins * frames);
  for (let bin = 0; bin < bins; bin++) {
    const row = (bins - 1 - bin) * frames;
    for (let frame = 0; frame < frames; frame++) {
      const value = values[bin * frames + frame] as number;
      const position = Math.min(1, Math.max(0, (value - low) / (high - low)));
      data[row + frame] = Math.round(position * (LEVELS - 1));
    }
  }
  // fast-png is an ES module.
  const { encode } = await import('fast-png');
  const png = encode(
    {
      width: frames,
      height: bins,
      data,
      channels: 1,
      depth: 8,
      palette: await palette(scale, LEVELS),
    },
    { zlib: { level: 9 } },
  );
  return { width: frames, height: bins, png };
}

/** The picture as a `data:` address, for a page that stands alone. */
export function imageDataUri(image: PngImage): string {
  return `data:image/png;base64,${Buffer.from(image.png).toString('base64')}`;
}

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

/** Power or level over time and frequency. */
export interface Spectrogram extends TimeFrequency {
  /** Hz. */
  readonly sampleRate: number;
  /** Seconds. */
  readonly duration: number;
}

/** A window of about 46 ms: 1024 samples at 22,050 Hz. A power of two. */
export function fftSizeFor(sampleRate: number): number {
  return 2 ** Math.max(5, Math.round(Math.log2(sampleRate * 0.0464)));
}

/** Frames that are transformed at once: what bounds the memory of a long recording. */
const FRAMES_AT_ONCE = 2048;

/**
 * Power of a short-time Fourier transform with a periodic Hann window, for a picture of at most
 * `columns` frames. A longer recording has more frames; those that share a column are averaged.
 */
export function powerSpectrogram(
  { samples, sampleRate }: ReportedSound,
  { fftSize, columns }: { fftSize: number; columns: number },
): Spectrogram {
  const hop = Math.min(fftSize / 4, Math.max(1, Math.round(samples.length / columns)));
  const frames = Math.max(1, Math.round(samples.length / hop));
  const width = Math.min(columns, frames);
  const bins = fftSize / 2 + 1;
  const values = new Float32Array(bins * width);
  const counts = new Float32Array(width);

  for (let first = 0; first < frames; first += FRAMES_AT_ONCE) {
    const count = Math.min(FRAMES_AT_ONCE, frames - first);
    const power = powerFrames(samples, { fftSize, hop, first, count }); // [bins, count]
    for (let frame = 0; frame < count; frame++) {
      const column = Math.floor(((first + frame) * width) / frames);
      counts[column] = (counts[column] as number) + 1;
      for (let bin = 0; bin < bins; bin++) {
        const index = bin * width + column;
        values[index] = (values[index] as number) + (power[bin * count + frame] as number);
      }
    }
  }
  for (let index = 0; index < values.length; index++) {
    values[index] = (values[index] as number) / (counts[index % width] as number);
  }
  return { values, bins, frames: width, sampleRate, duration: samples.length / sampleRate };
}

/** The largest power. */
export function peakPower({ values }: Spectrogram): number {
  let peak = 0;
  for (const value of values) peak = Math.max(peak, value);
  return peak;
}

/** Levels in dB relative to the power `reference`, nothing below `floor` dB. */
export function levelsInDecibels(
  power: Spectrogram,
  reference: number,
  floor: number,
): Spectrogram {
  const values = power.values.map((value) =>
    reference > 0 ? Math.max(floor, 10 * Math.log10(value / reference)) : floor,
  );
  return { ...power, values };
}

/** Levels of one spectrogram above those of another of the same shape, dB. */
export function levelDifference(levels: Spectrogram, reference: Spectrogram): Spectrogram {
  const values = levels.values.map((value, index) => value - (reference.values[index] as number));
  return { ...levels, values };
}
