import type { Clip } from '../audio/index.js';
import type { Markup } from './page.js';
import { brief, layer, numeric, type PlotSizes, plotMarkup, seriesColor } from './svg-plot.js';

/** Anything with samples and a rate; a clip is one. */
export type SampledSound = Pick<Clip, 'samples' | 'sampleRate' | 'source'>;

/** The smallest and the largest of the values that share a column of a plot. */
interface EnvelopeColumn {
  /** Index of the middle of the column, from 0. */
  readonly index: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

/**
 * At most `columns` columns that together span `values`: a plot of them looks like the plot of all
 * values and stays small. Values that are not finite are left out.
 */
export function envelope(values: ArrayLike<number>, columns: number): EnvelopeColumn[] {
  const count = Math.min(columns, values.length);
  const result: EnvelopeColumn[] = [];
  for (let column = 0; column < count; column++) {
    const from = Math.floor((column * values.length) / count);
    const to = Math.floor(((column + 1) * values.length) / count);
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let finite = 0;
    for (let index = from; index < to; index++) {
      const value = values[index] as number;
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
      sum += value;
      finite++;
    }
    if (finite > 0) result.push({ index: (from + to - 1) / 2, low, high, mean: sum / finite });
  }
  return result;
}

/** Start of the stretch of `length` samples with the most energy. */
export function loudestStretch(samples: Float32Array, length: number): number {
  if (samples.length <= length) return 0;
  let energy = 0;
  for (let index = 0; index < length; index++) energy += (samples[index] as number) ** 2;
  let best = energy;
  let start = 0;
  for (let index = length; index < samples.length; index++) {
    energy += (samples[index] as number) ** 2 - (samples[index - length] as number) ** 2;
    if (energy > best) {
      best = energy;
      start = index - length + 1;
    }
  }
  return start;
}

function amplitudeLimit(...signals: Float32Array[]): number {
  let peak = 0;
  for (const samples of signals) {
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  }
  return peak > 0 ? Math.ceil(peak * 10) / 10 : 1;
}

/** Waveforms below each other on one scale of time and one of amplitude. */
export function waveformPlot(
  sampleRate: number,
  signals: readonly { name: string; samples: Float32Array; color: string }[],
): Promise<Markup> {
  const duration = (signals[0]?.samples.length ?? 0) / sampleRate;
  const limit = amplitudeLimit(...signals.map(({ samples }) => samples));
  const label = `Waveforms over ${duration.toFixed(3)} seconds: ${signals.map(({ name }) => name).join(', ')}`;
  const y = numeric(
    'low',
    { domain: [-limit, limit], nice: false },
    { title: 'Amplitude', tickCount: 3 },
  );
  return plotMarkup(
    (width) => ({
      spacing: 10,
      vconcat: signals.map(({ name, samples, color }, index) => {
        const last = index === signals.length - 1;
        const columns = envelope(samples, Math.round(width * 0.8));
        const title = { text: name, fontSize: 12, fontWeight: 600, color, offset: 2 } as const;
        const x = numeric(
          'time',
          { domain: [0, duration], nice: false },
          { title: last ? 'Time (s)' : null, labels: last, grid: false, tickCount: width / 90 },
        );
        return {
          width: width - 60,
          height: width > 600 ? 110 : 80,
          title: { ...title, anchor: 'start' as const },
          ...layer(
            columns.map(({ index: middle, low, high }) => ({
              ...{ time: brief(middle / sampleRate, 6), low: brief(low), high: brief(high) },
            })),
            // The outline keeps quiet passages visible.
            { type: 'area', color, stroke: color, strokeWidth: 0.5, opacity: 1 },
            { x, y, y2: { field: 'high' } },
          ),
        };
      }),
    }),
    { wide: 1100, narrow: 350 },
    label,
  );
}

/** A waveform that is drawn over others. */
interface Waveform {
  readonly name: string;
  readonly samples: Float32Array;
  readonly color: string;
  /** Of the line, pixels. */
  readonly width: number;
}

/** The original, below all others. */
export const originalWaveform = (samples: Float32Array): Waveform => ({
  ...{ name: 'Original', samples, color: seriesColor(0), width: 2.2 },
});

/** A network's, by its place among those that are compared. */
export const modelWaveform = (name: string, samples: Float32Array, index = 0): Waveform => ({
  ...{ name, samples, color: seriesColor(index + 1), width: 1.2 },
});

/** A short stretch of a recording. */
interface ZoomWindow {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  /** Length, for its title. */
  readonly milliseconds: number;
}

/** The loudest stretch of a recording that lasts `seconds`. */
export function zoomWindow({ samples, sampleRate }: SampledSound, seconds: number): ZoomWindow {
  const length = Math.max(2, Math.round(seconds * sampleRate));
  const start = loudestStretch(samples, length);
  const from = start / sampleRate;
  const to = Math.min(samples.length, start + length) / sampleRate;
  return { from, to, milliseconds: Math.round((to - from) * 1000) };
}

/** The samples of a short stretch, all signals over each other. */
export function zoomPlot(
  sampleRate: number,
  window: ZoomWindow,
  signals: readonly Waveform[],
  size: PlotSizes & { readonly height: number } = { wide: 1100, narrow: 350, height: 200 },
): Promise<Markup> {
  const from = Math.round(window.from * sampleRate);
  const to = Math.round(window.to * sampleRate);
  const pieces = signals.map((signal) => ({
    ...signal,
    samples: signal.samples.subarray(from, to),
  }));
  const limit = amplitudeLimit(...pieces.map(({ samples }) => samples));
  const y = numeric(
    'amplitude',
    { domain: [-limit, limit], nice: false },
    { title: 'Amplitude', tickCount: 5 },
  );
  return plotMarkup(
    (width) => {
      const x = numeric(
        'time',
        { domain: [window.from * 1000, window.to * 1000], nice: false },
        { title: 'Time (ms)', grid: false, tickCount: width / 90 },
      );
      return {
        width: width - 60,
        height: size.height,
        layer: pieces.map(({ samples, color, width: strokeWidth }) =>
          layer(
            Array.from(samples, (amplitude, index) => ({
              time: brief(((from + index) / sampleRate) * 1000, 8),
              amplitude: brief(amplitude),
            })),
            { type: 'line', strokeWidth, color, strokeJoin: 'round' },
            { x, y },
          ),
        ),
      };
    },
    size,
    `Samples between ${window.from.toFixed(3)} and ${window.to.toFixed(3)} seconds: ${signals.map(({ name }) => name).join(', ')}`,
  );
}
