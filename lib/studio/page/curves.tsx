import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { type RunView, runs } from './state.js';
import { isDark } from './theme.js';
import { colorOf } from './waveform.js';

/** Milliseconds between two drawings of the curves. */
const INTERVAL = 1000;

/** Loss and SI-SNR of all runs by step. */
export function Curves() {
  const shown = runs.value.filter(({ state }) => state.value.samples !== undefined);
  if (shown.length === 0) return null;
  return (
    <div class="curves">
      <Curve title="Loss" values="loss" shown={shown} logarithmic />
      <Curve title="SI-SNR, dB" values="siSnr" shown={shown} />
    </div>
  );
}

function Curve({
  title,
  values,
  shown,
  logarithmic = false,
}: {
  title: string;
  values: 'loss' | 'siSnr';
  shown: readonly RunView[];
  logarithmic?: boolean;
}) {
  const place = useRef<HTMLDivElement>(null);
  const dark = isDark();
  const ids = shown.map(({ id }) => id).join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: by the runs, not by the list
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const ink = colorOf('--muted');
    const axis = { stroke: ink, grid: { stroke: colorOf('--rule'), width: 1 }, font: '12px sans-serif' };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: 170,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: {
          x: { time: false, range: (_, __, last) => [0, Math.max(1, last ?? 1)] },
          y: {
            distr: logarithmic ? 3 : 1,
            range: (_, low, high) => rangeOf(low, high, logarithmic),
          },
        },
        axes: [
          { ...axis, size: 32 },
          { ...axis, size: 48, values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : `${+tick.toPrecision(4)}`)) },
        ],
        series: [
          {},
          ...shown.map(({ color }) => ({
            stroke: colorOf(`--series-${color}`),
            width: 2,
            points: { show: false },
            spanGaps: true,
          })),
        ],
      },
      joined(shown, values),
      element,
    );
    let last = 0;
    // In the frame of a picture, but not of each.
    const stop = effect(() => {
      for (const { drawn } of shown) drawn.value;
      const learns = shown.some(({ state }) => state.value.status === 'learning');
      if (learns && performance.now() - last < INTERVAL) return;
      last = performance.now();
      plot.setData(joined(shown, values));
    });
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 170 }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      stop();
      plot.destroy();
    };
  }, [ids, dark]);
  const last = shown.map(({ course, state }) => {
    const value = course.peek()?.[values];
    return `${state.value.label} ${value === null || value === undefined ? 'not known' : value.toPrecision(3)}`;
  });
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title} by step. Now: ${last.join(', ')}`} />
    </figure>
  );
}

function joined(shown: readonly RunView[], values: 'loss' | 'siSnr'): uPlot.AlignedData {
  return uPlot.join(shown.map(({ curve }) => [curve.step, curve[values]] as uPlot.AlignedData));
}

/**
 * A range around numbers. uPlot never ends to divide one of nothing, nor one of logarithms that does
 * not begin with a single digit.
 */
function rangeOf(low: number | null, high: number | null, logarithmic: boolean): [number, number] {
  const [from, to] = [low ?? Number.NaN, high ?? Number.NaN];
  if (!Number.isFinite(from) || !Number.isFinite(to)) return logarithmic ? [0.1, 1] : [-1, 1];
  if (!logarithmic) return [from - 1, to + 1];
  const [lower, upper] = uPlot.rangeLog(Math.max(1e-6, from), Math.max(1e-6, to), 10, false);
  return [lower ?? 0.1, upper ?? 1];
}
