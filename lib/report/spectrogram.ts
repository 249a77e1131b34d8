import { powerFrames } from './power-frames.js';
import type { ReportedSound } from './report-input.js';
import type { TimeFrequency } from './spectrogram-image.js';

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
