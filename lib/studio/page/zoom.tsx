import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Canvas } from './canvas.js';
import { player } from './player.js';
import { attempt, getSamples } from './server.js';
import { fit } from './spectrogram.js';
import type { RunView } from './state.js';
import { colorOf } from './waveform.js';

/** Samples in the closest view. */
const CLOSEST = 12;
const RATES = [22_050, 48_000, 96_000, 192_000];
/** Points of the network's curve across the picture. */
const POINTS = 900;

/**
 * A network is a function of time, and not a row of samples: between them it has values too. Shows
 * them beside the samples that it learned, as close as one likes, and plays it at any rate.
 */
export function Zoom({ view }: { view: RunView }) {
  const own = useMemo(
    () => ({
      open: signal(false),
      /** From 0, all, to 1, a few samples. */
      depth: signal(0.75),
      /** Where the middle is, from 0 to 1. */
      middle: signal(0.5),
      curve: signal<{ from: number; to: number; samples: Float32Array } | undefined>(undefined),
    }),
    [],
  );
  return (
    <details
      class="zoom"
      onToggle={({ currentTarget }) => {
        own.open.value = currentTarget.open;
      }}
    >
      <summary>Between the samples</summary>
      {own.open.value && <Lens view={view} {...own} />}
    </details>
  );
}

function Lens({
  view,
  depth,
  middle,
  curve,
}: {
  view: RunView;
  depth: { value: number };
  middle: { value: number };
  curve: { value: { from: number; to: number; samples: Float32Array } | undefined };
}) {
  const { sampleRate = 1, samples: count = 1, label } = view.state.value;
  const path = `/api/runs/${encodeURIComponent(view.id)}/render`;
  const shown = Math.round(count * (CLOSEST / count) ** depth.value);
  const first = Math.max(0, Math.min(count - shown, Math.round(middle.value * count - shown / 2)));
  const [from, to] = [first / sampleRate, (first + shown) / sampleRate];
  useEffect(() => {
    // Not for every place that a slider passes.
    const timer = setTimeout(
      () =>
        attempt(async () => {
          const rate = Math.max(1, POINTS / (to - from));
          const query = `from=${from}&to=${to}&sampleRate=${rate}`;
          const { samples } = await getSamples(`${path}?${query}`);
          curve.value = { from, to, samples };
        }),
      80,
    );
    return () => clearTimeout(timer);
  }, [from, to]);
  const original = view.original.value?.samples;
  const drawn = curve.value;
  const listen = (rate: number) =>
    attempt(async () => {
      const query = `from=0&to=${count / sampleRate}&sampleRate=${rate}`;
      const { samples } = await getSamples(`${path}?${query}`);
      player.choose(`${view.id} at ${rate} Hz`, samples, rate);
      await player.play();
    });
  return (
    <>
      <Canvas
        class="lens"
        label={`${label} between the samples from ${from.toFixed(4)} to ${to.toFixed(4)} seconds`}
        of={[drawn, original]}
        draw={(canvas) => draw(canvas, drawn, original, sampleRate, view.color)}
      />
      <p class="remark">
        {shown.toLocaleString('en')} of {count.toLocaleString('en')} samples,{' '}
        {(1000 * (to - from)).toPrecision(3)} ms. Dots are the recording's samples, the line is the
        network.
      </p>
      <div class="fields">
        <label class="field">
          Closer
          <input
            type="range"
            min={0}
            max={1}
            step={0.01}
            value={depth.value}
            onInput={({ currentTarget }) => {
              depth.value = currentTarget.valueAsNumber;
            }}
          />
        </label>
        <label class="field">
          Where
          <input
            type="range"
            min={0}
            max={1}
            step={0.001}
            value={middle.value}
            onInput={({ currentTarget }) => {
              middle.value = currentTarget.valueAsNumber;
            }}
          />
        </label>
      </div>
      <div class="actions">
        <span class="remark">Listen at</span>
        {RATES.filter((rate) => rate !== sampleRate).map((rate) => (
          <button type="button" key={rate} onClick={() => listen(rate)}>
            {rate / 1000} kHz
          </button>
        ))}
      </div>
    </>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  curve: { from: number; to: number; samples: Float32Array } | undefined,
  original: Float32Array | undefined,
  rate: number,
  color: number,
): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null || curve === undefined) return;
  const { width, height } = canvas;
  const { from, to, samples } = curve;
  const first = Math.round(from * rate);
  const near = original?.subarray(first, Math.round(to * rate)) ?? new Float32Array();
  const larger = (most: number, value: number) => Math.max(most, Math.abs(value));
  const peak = samples.reduce(larger, near.reduce(larger, 1e-6));
  const y = (value: number) => height / 2 - (value / peak) * height * 0.45;
  context.clearRect(0, 0, width, height);
  context.strokeStyle = colorOf('--rule');
  context.beginPath();
  context.moveTo(0, height / 2);
  context.lineTo(width, height / 2);
  context.stroke();
  context.strokeStyle = colorOf(`--series-${color}`);
  context.lineWidth = 2;
  context.beginPath();
  for (const [i, value] of samples.entries()) {
    context.lineTo((i / samples.length) * width, y(value));
  }
  context.stroke();
  if (near.length > width / 4) return;
  context.fillStyle = colorOf('--ink');
  for (const [i, value] of near.entries()) {
    context.beginPath();
    context.arc((i / near.length) * width, y(value), near.length < 80 ? 4 : 2.5, 0, 7);
    context.fill();
  }
}
