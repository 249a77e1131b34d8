import { edgeFunction, type SplineEdge, splineEdges, switchOffEdges } from '../analysis/index.js';
import { createInr, type Inr, KAN } from '../nn/index.js';
import { scope } from '../tensor/index.js';
import type { InsideView } from './protocol.js';

/** Samples of the stretch that are sent through a network: few while it learns. */
const TIMES = { learns: 256, rests: 2048 };

/** Points of a function, and bars of what enters it. */
const POINTS = 240;
const BARS = 40;

/** A network of its own with the weights of another, on the CPU; `into` where it is alike. */
export function copyOf(network: Inr, into?: Inr): Inr {
  const options = { ...network.options, device: 'cpu' as const };
  const alike = into?.kind === network.kind && same(into.options, options);
  if (!alike) into?.dispose();
  const copy = alike ? (into as Inr) : createInr(network.kind, options);
  scope(() => copy.loadStateDict(network.stateDict()));
  copy.clip = network.clip;
  return copy;
}

const same = (a: object, b: object) => {
  // The order of names may differ.
  const sorted = (options: object) => JSON.stringify(Object.entries(options).sort());
  return sorted(a) === sorted(b);
};

/**
 * The edges of a layer, and one of them with what enters it. Other networks than KANs have none.
 *
 * @param samples of the stretch
 */
export function lookInside(
  network: Inr,
  samples: number,
  edge: SplineEdge,
  state: keyof typeof TIMES,
): InsideView {
  if (!(network instanceof KAN)) return { layers: [] };
  // Refuses an edge that there is not.
  edgeFunction(network, edge, []);
  const times = someTimes(samples, TIMES[state]);
  const { inputs, deviations, entering } = splineEdges(network, edge.layer, times);
  const count = entering.length / inputs;
  const own = entering.subarray(edge.input * count, (edge.input + 1) * count);
  const [lower, upper] = network.options.gridRange;
  const from = own.reduce((least, value) => Math.min(least, value), lower);
  const to = own.reduce((most, value) => Math.max(most, value), upper);
  const bars = new Array<number>(BARS).fill(0);
  for (const value of own) {
    const bar = Math.min(BARS - 1, Math.floor(((value - from) / (to - from)) * BARS));
    bars[bar] = (bars[bar] as number) + 1;
  }
  const places = Float64Array.from(
    { length: POINTS },
    (_, i) => from + (i / (POINTS - 1)) * (to - from),
  );
  return {
    layers: layersOf(network),
    deviations: brief(deviations),
    edge: { ...edge, from, to, grid: [lower, upper], bars },
    curve: brief(edgeFunction(network, edge, places)),
  };
}

/** The sizes of a KAN's layers, from the encoding to the amplitude. */
function layersOf(kan: KAN): InsideView['layers'] {
  const bases = [...kan.parameters()].filter(([name]) => name.endsWith('.base'));
  return bases.map(([, { shape }]) => ({
    outputs: shape[0] as number,
    inputs: shape[1] as number,
  }));
}

/** What a network would sound like without some of its edges, [samples]. */
export function renderWithout(
  network: Inr,
  samples: number,
  edges: readonly SplineEdge[],
): Float32Array {
  const changed = copyOf(network);
  try {
    if (edges.length > 0) switchOffEdges(changed as KAN, edges);
    return changed.render(samples);
  } finally {
    changed.dispose();
  }
}

/**
 * Times of samples all over a stretch, by the golden ratio: evenly spaced ones would meet a
 * periodic encoding always at the same phase.
 */
function someTimes(samples: number, count: number): Float64Array {
  const last = Math.max(1, samples - 1);
  return Float64Array.from({ length: Math.min(count, samples) }, (_, i) => {
    const part = ((i + 1) * 0.618_033_988_749_895) % 1;
    return -1 + (2 * Math.floor(part * samples)) / last;
  });
}

/** Digits that a picture shows. */
const brief = (values: Float64Array) => Array.from(values, (value) => Number(value.toPrecision(4)));
