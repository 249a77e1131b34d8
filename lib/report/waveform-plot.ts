import type { Markup } from './page.js';
import { type PlotSizes, plotMarkup, seriesColour } from './svg-plot.js';
import type { ReportedSound } from './types.js';

/** The smallest and the largest of the values that share a column of a plot. */
export interface EnvelopeColumn {
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

/** Fewer digits, finer than a pixel still. */
const brief = (value: number, digits = 4) => Number(value.toPrecision(digits));

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
  signals: readonly { name: string; samples: Float32Array; colour: number }[],
): Promise<Markup> {
  const duration = (signals[0]?.samples.length ?? 0) / sampleRate;
  const limit = amplitudeLimit(...signals.map(({ samples }) => samples));
  const label = `Waveforms over ${duration.toFixed(3)} seconds: ${signals.map(({ name }) => name).join(', ')}`;
  return plotMarkup(
    (width) => ({
      spacing: 10,
      vconcat: signals.map(({ name, samples, colour }, index) => {
        const last = index === signals.length - 1;
        const columns = envelope(samples, Math.round(width * 0.8));
        return {
          width: width - 60,
          height: width > 600 ? 110 : 80,
          title: {
            text: name,
            anchor: 'start',
            fontSize: 12,
            fontWeight: 600,
            color: seriesColour(colour),
            offset: 2,
          },
          data: { values: columns.map((column) => waveColumn(column, sampleRate)) },
          // The outline keeps quiet passages visible.
          mark: {
            type: 'area',
            color: seriesColour(colour),
            stroke: seriesColour(colour),
            strokeWidth: 0.5,
            opacity: 1,
          },
          encoding: {
            x: {
              field: 'time',
              type: 'quantitative',
              scale: { domain: [0, duration], nice: false },
              axis: {
                title: last ? 'Time (s)' : null,
                labels: last,
                grid: false,
                tickCount: width / 90,
              },
            },
            y: {
              field: 'low',
              type: 'quantitative',
              scale: { domain: [-limit, limit], nice: false },
              axis: { title: 'Amplitude', tickCount: 3 },
            },
            y2: { field: 'high' },
          },
        };
      }),
    }),
    { wide: 1100, narrow: 350 },
    label,
  );
}

function waveColumn({ index, low, high }: EnvelopeColumn, sampleRate: number) {
  return { time: brief(index / sampleRate, 6), low: brief(low), high: brief(high) };
}

/** What the zoomed plot shows, for its caption. */
export interface ZoomWindow {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
}

/** The loudest stretch of a recording that lasts `seconds`. */
export function zoomWindow({ samples, sampleRate }: ReportedSound, seconds: number): ZoomWindow {
  const length = Math.max(2, Math.round(seconds * sampleRate));
  const start = loudestStretch(samples, length);
  return { from: start / sampleRate, to: Math.min(samples.length, start + length) / sampleRate };
}

/** The samples of a short stretch, all signals over each other. */
export function zoomPlot(
  sampleRate: number,
  window: ZoomWindow,
  signals: readonly { name: string; samples: Float32Array; colour: string; width: number }[],
  size: PlotSizes & { readonly height: number } = { wide: 1100, narrow: 350, height: 200 },
): Promise<Markup> {
  const from = Math.round(window.from * sampleRate);
  const to = Math.round(window.to * sampleRate);
  const pieces = signals.map((signal) => ({
    ...signal,
    samples: signal.samples.subarray(from, to),
  }));
  const limit = amplitudeLimit(...pieces.map(({ samples }) => samples));
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: size.height,
      layer: pieces.map(({ samples, colour, width: strokeWidth }) => ({
        data: {
          values: Array.from(samples, (amplitude, index) => ({
            time: brief(((from + index) / sampleRate) * 1000, 8),
            amplitude: brief(amplitude),
          })),
        },
        mark: { type: 'line' as const, strokeWidth, color: colour, strokeJoin: 'round' as const },
        encoding: {
          x: {
            field: 'time',
            type: 'quantitative' as const,
            scale: { domain: [window.from * 1000, window.to * 1000], nice: false },
            axis: { title: 'Time (ms)', grid: false, tickCount: width / 90 },
          },
          y: {
            field: 'amplitude',
            type: 'quantitative' as const,
            scale: { domain: [-limit, limit], nice: false },
            axis: { title: 'Amplitude', tickCount: 5 },
          },
        },
      })),
    }),
    size,
    `Samples between ${window.from.toFixed(3)} and ${window.to.toFixed(3)} seconds: ${signals.map(({ name }) => name).join(', ')}`,
  );
}
