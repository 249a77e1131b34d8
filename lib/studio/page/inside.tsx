import { batch, type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { InsideView } from '../protocol.js';
import { Canvas } from './canvas.js';
import { type Edge, EdgeMap } from './edge-map.js';
import { attempt, get, getSamples } from './server.js';
import { fit } from './spectrogram.js';
import type { RunView } from './state.js';
import { blind, choose, hear, heard, shown, withoutOf } from './voices.js';
import { colorOf } from './waveform.js';

/** Milliseconds between two looks at what learns; and so many times what a look has taken. */
const INTERVAL = 600;
const PATIENCE = 15;
/** Milliseconds that an edge is chosen for, before it is asked for. */
const PAUSE = 60;

interface Own {
  readonly open: Signal<boolean>;
  /** Without an output the strongest of the layer is chosen when it is known. */
  readonly edge: Signal<Edge>;
  readonly off: Signal<readonly Edge[]>;
  readonly seen: Signal<InsideView | undefined>;
  readonly problem: Signal<string | undefined>;
}

const isSame = (a: Edge, b: Edge) =>
  a.layer === b.layer && a.output === b.output && a.input === b.input;

/** The edges of a KAN: their functions, what they do, and the sound without some of them. */
export function Inside({ view }: { view: RunView }) {
  const own = useMemo(
    (): Own => ({
      open: signal(false),
      edge: signal({ layer: 0, output: -1, input: -1 }),
      off: signal([]),
      seen: signal(undefined),
      problem: signal(undefined),
    }),
    [],
  );
  return (
    <details
      class="inside"
      onToggle={({ currentTarget }) => {
        own.open.value = currentTarget.open;
      }}
    >
      <summary>Look inside</summary>
      {own.open.value &&
        (view.state.value.kind === 'kan' ? (
          <Panel view={view} own={own} />
        ) : (
          <p class="remark">
            Here a KAN shows the splines on its edges, and what it sounds like without some of them.{' '}
            {view.state.value.label} has the same fixed function in all units of a layer.
          </p>
        ))}
    </details>
  );
}

function Panel({ view, own }: { view: RunView; own: Own }) {
  const { edge, off, seen, problem } = own;
  const { status, label } = view.state.value;
  const { layer, output, input } = edge.value;
  const path = `/api/runs/${encodeURIComponent(view.id)}`;
  useEffect(() => {
    let [last, took] = [performance.now(), 0];
    let gone = false;
    const ask = async (): Promise<() => void> => {
      last = performance.now();
      const place = { layer, output: Math.max(0, output), input: Math.max(0, input) };
      const query = new URLSearchParams(Object.entries(place).map(([k, v]) => [k, String(v)]));
      const found = await get<InsideView>(`${path}/inside?${query}`).catch((error: Error) => error);
      if (!gone && heard.peek() === withoutOf(view)) await renderWithout(view, off.peek());
      took = performance.now() - last;
      return () => {
        if (gone) return;
        if (found instanceof Error) problem.value = found.message;
        else [seen.value, problem.value] = [found, undefined];
        if (output < 0 && seen.value !== undefined) edge.value = strongest(layer, seen.value);
      };
    };
    const timer = setTimeout(async () => batch(await ask()), PAUSE);
    // Then in the pictures of what learns: a frame of its own would cost as much as theirs.
    view.look = () => {
      const soon = performance.now() - last < Math.max(INTERVAL, PATIENCE * took);
      return soon ? undefined : ask();
    };
    return () => {
      gone = true;
      clearTimeout(timer);
      view.look = undefined;
    };
  }, [layer, output, input, status]);
  const found = seen.value;
  if (problem.value !== undefined) return <p class="remark">{problem.value}</p>;
  const size = found?.layers[layer];
  if (found === undefined || size === undefined) return <p class="remark">Looking …</p>;
  const current = found.edge?.layer === layer ? found : undefined;
  const isOff = off.value.some((each) => isSame(each, edge.value));
  const change = (edges: readonly Edge[]) => {
    off.value = edges;
    void attempt(() => renderWithout(view, edges));
  };
  const toggle = () => {
    if (output < 0) return;
    const others = off.value.filter((each) => !isSame(each, edge.value));
    change(isOff ? others : [...off.value, edge.value]);
  };
  const many = off.value.length === 1 ? '1 edge' : `${off.value.length} edges`;
  return (
    <>
      <div class="fields three">
        <label class="field">
          Layer
          <select
            value={layer}
            onChange={({ currentTarget }) => {
              edge.value = { layer: Number(currentTarget.value), output: -1, input: -1 };
            }}
          >
            {found.layers.map(({ inputs, outputs }, index) => (
              <option key={index} value={index}>
                {index + 1}: {inputs} → {outputs}
              </option>
            ))}
          </select>
        </label>
        {(['input', 'output'] as const).map((side) => (
          <label class="field" key={side}>
            {side === 'input' ? 'Input' : 'Output'}
            <input
              type="number"
              min={1}
              max={side === 'input' ? size.inputs : size.outputs}
              value={edge.value[side] + 1}
              onInput={({ currentTarget: { valueAsNumber: place } }) => {
                const most = side === 'input' ? size.inputs : size.outputs;
                if (!(place >= 1 && place <= most)) return;
                edge.value = { ...edge.value, [side]: Math.round(place) - 1 };
              }}
            />
          </label>
        ))}
      </div>
      <EdgeMap
        size={size}
        deviations={current?.deviations ?? []}
        edge={edge.value}
        off={off.value.filter((each) => each.layer === layer)}
        choose={(next) => {
          edge.value = { ...next, layer };
        }}
        toggle={toggle}
      />
      <Spline found={current} color={view.color} label={label} edge={edge.value} />
      <div class="actions">
        <button type="button" aria-pressed={isOff} disabled={output < 0} onClick={toggle}>
          {isOff ? 'Switch this edge on' : 'Switch this edge off'}
        </button>
        {off.value.length > 0 && (
          <>
            <button
              type="button"
              class={shown.value === withoutOf(view) ? 'primary' : ''}
              disabled={view.without.value === undefined || blind.value !== undefined}
              onClick={() => hear(view, withoutOf(view))}
            >
              ▶ Without {many}
            </button>
            <button type="button" class="quiet" onClick={() => change([])}>
              All on
            </button>
          </>
        )}
      </div>
      {off.value.length > 0 && <p class="remark" role="status">{lossOf(view, many)}</p>}
    </>
  );
}

/** The edge that adds most. */
function strongest(layer: number, { layers, deviations = [] }: InsideView): Edge {
  const at = deviations.indexOf(deviations.reduce((most, value) => Math.max(most, value), 0));
  const { inputs = 1 } = layers[layer] ?? {};
  return { layer, output: Math.max(0, Math.floor(at / inputs)), input: Math.max(0, at % inputs) };
}

async function renderWithout(view: RunView, edges: readonly Edge[]): Promise<void> {
  if (edges.length === 0) {
    if (heard.peek() === withoutOf(view)) choose(view.id);
    view.without.value = undefined;
    return;
  }
  const names = edges.map(({ layer, output, input }) => `${layer}.${output}.${input}`);
  const path = `/api/runs/${encodeURIComponent(view.id)}/without?edges=${names.join(',')}`;
  view.without.value = { samples: (await getSamples(path)).samples };
}

/** How far the sound is from that of the whole network; what learns has gone on meanwhile. */
function lossOf(view: RunView, many: string): string {
  const [whole, part] = [view.present.value?.samples, view.without.value?.samples];
  if (view.state.value.status !== 'done' || whole === undefined || part?.length !== whole.length) {
    return `${many} off. The player below switches between the whole network and the rest of it.`;
  }
  let [lost, all] = [0, 0];
  for (const [i, value] of whole.entries()) {
    lost += (value - (part[i] as number)) ** 2;
    all += value ** 2;
  }
  const level = (10 * Math.log10(lost / all)).toFixed(1).replace('-', '−');
  return `${many} off: what the sound loses has ${level} dB of its energy. The player below switches between both.`;
}

/** The function of an edge over what enters it. */
function Spline({
  found,
  color,
  label,
  edge,
}: {
  found: InsideView | undefined;
  color: number;
  label: string;
  edge: Edge;
}) {
  const shown = found?.edge && edge.output >= 0 ? found : undefined;
  const { from = 0, to = 0 } = shown?.edge ?? {};
  const place = `input ${edge.input + 1} to output ${edge.output + 1} of layer ${edge.layer + 1}`;
  return (
    <figure>
      <figcaption>
        <span class="key over">its function</span> <span class="key under">what enters</span>
      </figcaption>
      <Canvas
        class="spline"
        label={`Function of ${label} on the edge from ${place}, and how often what enters lies where`}
        of={[shown]}
        draw={(canvas) => drawSpline(canvas, shown, color)}
      />
      <div class="scale" aria-hidden="true">
        <span>{from.toFixed(2)}</span>
        <span>dashed: the grid ends</span>
        <span>{to.toFixed(2)}</span>
      </div>
    </figure>
  );
}

function drawSpline(canvas: HTMLCanvasElement, found: InsideView | undefined, color: number): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  if (found?.edge === undefined || found.curve === undefined) return;
  const { curve, edge } = found;
  const { bars, from, to, grid } = edge;
  const most = Math.max(1, ...bars);
  context.fillStyle = colorOf('--wave');
  for (const [i, count] of bars.entries()) {
    const tall = (count / most) * height * 0.9;
    const wide = width / bars.length;
    context.fillRect(i * wide + 1, height - tall, wide - 1, tall);
  }
  const peak = Math.max(1e-9, ...curve.map(Math.abs));
  const y = (value: number) => height / 2 - (value / peak) * height * 0.46;
  const line = (points: readonly (readonly [number, number])[]) => {
    context.beginPath();
    for (const point of points) context.lineTo(...point);
    context.stroke();
  };
  context.strokeStyle = colorOf('--muted');
  context.lineWidth = 1;
  line([
    [0, y(0)],
    [width, y(0)],
  ]);
  context.setLineDash([6, 6]);
  for (const end of grid) {
    const x = ((end - from) / (to - from)) * width;
    line([
      [x, 0],
      [x, height],
    ]);
  }
  context.setLineDash([]);
  context.strokeStyle = colorOf(`--series-${color}`);
  context.lineWidth = 3;
  line(curve.map((value, i) => [(i / (curve.length - 1)) * width, y(value)]));
}
