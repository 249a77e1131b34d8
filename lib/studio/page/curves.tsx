import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { type RunView, runs } from './state.js';
import { isDark } from './theme.js';
import { colorOf } from './waveform.js';

/** Milliseconds between two drawings of the curves. */
const INTERVAL = 250;

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
          // A range of nothing has no axis, and uPlot no answer to that.
          x: { time: false, range: (_, __, last) => [0, Math.max(1, last ?? 1)] },
          y: {
            distr: logarithmic ? 3 : 1,
            // One number alone has no range of its own.
            range: (_, low, high) =>
              logarithmic
                ? [Math.max(1e-9, low ?? 1) / 1.3, Math.max(1e-9, high ?? 1) * 1.3]
                : [(low ?? 0) - 1, (high ?? 0) + 1],
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
    const timer = setInterval(() => {
      if (!document.hidden && changed(shown)) plot.setData(joined(shown, values));
    }, INTERVAL);
    let before = '';
    const changed = (views: readonly RunView[]) => {
      const now = views.map(({ curve }) => `${curve.step.length} ${curve.step.at(-1)}`).join();
      const is = now !== before;
      before = now;
      return is;
    };
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 170 }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      clearInterval(timer);
      plot.destroy();
    };
  }, [ids, dark]);
  const last = shown.map(({ course, state }) => {
    const value = course.value?.[values];
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
