import { FewSoundError } from '../errors.js';
import { ops, scope, tensor } from '../tensor/index.js';
import { figure, html, Markup } from './page.js';
import { loadVega, plotMarkup } from './svg-plot.js';
import type { SampledSound } from './waveform-plot.js';

/**
 * Color schemes, by vega's names: perceptually uniform ones from dark to light, and two that part
 * from a light middle.
 */
export type ColorScheme = 'magma' | 'inferno' | 'viridis' | 'cividis' | 'blueorange' | 'redblue';

/** Values spread linearly over a color scheme: the ends of `domain` get the ends of the scheme. */
export interface ColorScale {
  readonly scheme: ColorScheme;
  readonly domain: readonly [number, number];
  /** The scheme from its last color to its first. */
  readonly reverse?: boolean;
}

/** Red, green, blue, 0..255. */
type Color = [number, number, number];

/** `levels` colors at equal distances along the scale. */
export async function palette(scale: ColorScale, levels: number): Promise<Color[]> {
  const { scheme } = await loadVega();
  const interpolate = scheme(scale.scheme);
  return Array.from({ length: levels }, (_, index) => {
    const position = index / (levels - 1);
    const [red = 0, green = 0, blue = 0] = channels(
      interpolate(scale.reverse ? 1 - position : position),
    );
    return [red, green, blue];
  });
}

function channels(color: string): number[] {
  const hex = /^#(..)(..)(..)$/.exec(color);
  return hex
    ? hex.slice(1).map((part) => Number.parseInt(part, 16))
    : (color.match(/\d+/g) ?? []).map(Number);
}

/** The scale as a CSS gradient, from left to right. */
async function gradient(scale: ColorScale): Promise<string> {
  const stops = (await palette(scale, 17)).map((rgb) => `rgb(${rgb.join(' ')})`);
  return `linear-gradient(to right, ${stops.join(', ')})`;
}

/** Pixels of a panel, axes included, and of the height of its picture. */
interface PanelSize {
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
  const [width, height] = [panel.width - 50, panel.height];
  const image = {
    type: 'image',
    width,
    height,
    align: 'left',
    baseline: 'top',
    aspect: false,
  } as const;
  const place = { url: { value: imageUri }, x: { value: 0 }, y: { value: 0 } };
  return plotMarkup(
    () => ({
      ...{ width, height },
      data: { values: [{}] },
      layer: [
        { mark: image, encoding: place },
        // Carries the axes.
        {
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

/** Which frames of a recording: frame i is centered on sample i · hop. */
interface FrameRange {
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
function powerFrames(
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

/** Steps of color: half a decibel each over 80 dB. More make the file larger and look the same. */
const LEVELS = 161;

/**
 * Draws values over time and frequency as a picture, one pixel a value, time to the right and
 * frequency upwards. Values beyond the scale get the color of its end.
 *
 * @throws FewSoundError `SHAPE_MISMATCH` where there are not bins · frames values,
 *   `INVALID_ARGUMENT` for a scale whose ends are not in order
 */
export async function spectrogramImage(
  { values, bins, frames }: TimeFrequency,
  scale: ColorScale,
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

/** Decibels below the original's loudest point at which the colors end. */
export const LEVEL_RANGE = 80;

/** Levels of spectrograms, in decibels relative to the original's peak. */
export const LEVEL_SCALE: ColorScale = { scheme: 'magma', domain: [-LEVEL_RANGE, 0] };

/** The key to it. */
export const levelBar = () =>
  colorBar(LEVEL_SCALE, 'Level, dB relative to the peak of the original');

/** A spectrogram with its name above and whatever belongs to it below. */
interface SpectrogramPanel {
  readonly name: string;
  /** Beside the name, in lighter type. */
  readonly remark?: string;
  readonly spectrogram: Spectrogram;
  readonly below?: Markup;
}

/** A spectrogram as a picture with axes in seconds and kilohertz. */
export async function spectrogramFigure(
  { name, remark, spectrogram, below }: SpectrogramPanel,
  scale: ColorScale,
  label: string,
  panel: PanelSize,
): Promise<Markup> {
  const image = imageDataUri(await spectrogramImage(spectrogram, scale));
  const axes = {
    x: { title: 'Time (s)', domain: [0, spectrogram.duration] as const },
    y: { title: 'Frequency (kHz)', domain: [0, spectrogram.sampleRate / 2000] as const },
  };
  const plot = await picturePlot(image, axes, label, panel);
  return figure(name, html`${plot}${below}`, remark);
}

/** The key to a color scale, with marks at equal distances. */
export async function colorBar(scale: ColorScale, title: string, marks = 5): Promise<Markup> {
  const [low, high] = scale.domain;
  const signed = low < 0 && high > 0;
  const labels = Array.from({ length: marks }, (_, index) => {
    const value = low + ((high - low) * index) / (marks - 1);
    const text = `${value < 0 ? '−' : signed && value > 0 ? '+' : ''}${Math.abs(value)}`;
    return html`<span>${text}</span>`;
  });
  const strip = new Markup(`style="background:${await gradient(scale)}"`);
  return html`<div class="color-bar"><div class="strip" ${strip}></div><div class="marks">${labels}</div><div class="title">${title}</div></div>`;
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
  { samples, sampleRate }: SampledSound,
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

/** Levels in dB relative to the power `peak`, nothing below `floor` dB. */
export function levelsInDecibels(
  power: Spectrogram,
  peak: number,
  floor = -LEVEL_RANGE,
): Spectrogram {
  const values = power.values.map((value) =>
    peak > 0 ? Math.max(floor, 10 * Math.log10(value / peak)) : floor,
  );
  return { ...power, values };
}

/**
 * Levels of a recording, relative to its peak, and of what networks make of it, relative to the
 * same peak. Pictures of them have at most `columns` columns.
 */
export function levelsOf(
  original: SampledSound,
  reconstructions: readonly Float32Array[],
  columns: number,
) {
  const { sampleRate } = original;
  const options = { fftSize: fftSizeFor(sampleRate), columns };
  const power = powerSpectrogram(original, options);
  const peak = peakPower(power);
  return {
    fftSize: options.fftSize,
    original: levelsInDecibels(power, peak),
    reconstructions: reconstructions.map((samples) =>
      levelsInDecibels(powerSpectrogram({ samples, sampleRate }, options), peak),
    ),
  };
}

/** Levels of one spectrogram above those of another of the same shape, dB. */
export function levelDifference(levels: Spectrogram, reference: Spectrogram): Spectrogram {
  const values = levels.values.map((value, index) => value - (reference.values[index] as number));
  return { ...levels, values };
}
