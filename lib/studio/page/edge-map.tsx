import { useMemo } from 'preact/hooks';
import { Canvas } from './canvas.js';
import { drawMap } from './spectrogram.js';

/** An edge of a layer; all are counted from 0. */
export interface Edge {
  readonly layer: number;
  readonly output: number;
  readonly input: number;
}

/** Pixels of a row, and of all of them at most. */
const ROW = 9;
const TALLEST = 190;

const ARROWS: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ...{ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] },
};

/**
 * The edges of a layer, brighter the more they add: inputs from left to right, outputs from top to
 * bottom. One is chosen by the pointer or by arrows, and switched by Enter or space.
 */
export function EdgeMap({
  size: { inputs, outputs },
  deviations,
  edge,
  off,
  choose,
  toggle,
}: {
  size: { readonly inputs: number; readonly outputs: number };
  /** [outputs · inputs] */
  deviations: readonly number[];
  edge: Edge;
  off: readonly Edge[];
  choose: (edge: Pick<Edge, 'output' | 'input'>) => void;
  toggle: () => void;
}) {
  const most = useMemo(() => deviations.reduce((high, value) => Math.max(high, value), 1e-12), [deviations]);
  const within = (place: number, count: number) => Math.max(0, Math.min(count - 1, place));
  const { output, input } = edge;
  const take = (event: PointerEvent) => {
    const place = (event.currentTarget as HTMLElement).getBoundingClientRect();
    choose({
      input: within(Math.floor(((event.clientX - place.left) / place.width) * inputs), inputs),
      output: within(Math.floor(((event.clientY - place.top) / place.height) * outputs), outputs),
    });
  };
  const move = (event: KeyboardEvent) => {
    const [right, down] = ARROWS[event.key] ?? [0, 0];
    const press = event.key === 'Enter' || event.key === ' ';
    if (!press && right === 0 && down === 0) return;
    event.preventDefault();
    // Space would play.
    event.stopPropagation();
    if (press) toggle();
    else choose({ input: within(input + right, inputs), output: within(output + down, outputs) });
  };
  const cell = (each: Pick<Edge, 'output' | 'input'>) => ({
    left: `${(100 * each.input) / inputs}%`,
    top: `${(100 * each.output) / outputs}%`,
    width: `${100 / inputs}%`,
    height: `${100 / outputs}%`,
  });
  const own = deviations[output * inputs + input];
  const rank = own === undefined ? 0 : deviations.filter((value) => value > own).length + 1;
  return (
    <figure>
      <figcaption>
        What each edge adds (standard deviation over the stretch), up to {most.toPrecision(3)}
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved over by arrows */}
      <div
        class="edges"
        role="application"
        tabindex={0}
        aria-label="Map of the layer's edges: arrows choose one, Enter switches it off and on"
        style={{ height: `${Math.min(TALLEST, Math.max(26, ROW * outputs))}px` }}
        onKeyDown={move}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          take(event);
        }}
        onPointerMove={(event) => {
          if (event.buttons === 1) take(event);
        }}
      >
        <Canvas
          label="Edges by what they add, inputs from left to right, outputs from top to bottom"
          of={[deviations]}
          draw={(canvas) => drawMap(canvas, inputs, deviations.map((value) => Math.sqrt(value / most)))}
        />
        {off.map((each) => (
          <i class="off" key={`${each.output}.${each.input}`} style={cell(each)} />
        ))}
        {output >= 0 && <i class="at" style={cell(edge)} />}
      </div>
      <p class="remark">
        <span role="status">
          {output >= 0 && `Input ${input + 1} to output ${output + 1}`}
        </span>
        {own !== undefined && ` adds ±${own.toPrecision(3)}, place ${rank} of ${deviations.length}.`}
      </p>
    </figure>
  );
}
