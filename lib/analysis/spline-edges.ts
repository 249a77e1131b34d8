import { invalidArgument } from '../errors.js';
import { KAN } from '../nn/index.js';
import {
  addRows,
  functionsAt,
  type Grid,
  layerTable,
  type Scratch,
  scratchFor,
} from '../player/kan.js';
import { noGrad, scope, type Tensor } from '../tensor/index.js';

// Computed here and not by operators of LibTorch: few numbers, beside a fit that has all threads.

/** An edge of a KAN, counted from 0: from an input of a layer to an output of it. */
export interface SplineEdge {
  readonly layer: number;
  readonly output: number;
  readonly input: number;
}

/** The edges of a layer of a KAN at work. */
export interface LayerEdges {
  readonly inputs: number;
  readonly outputs: number;
  /**
   * Standard deviation of what each edge adds to its output, over the times, [outputs · inputs]:
   * edge (o, i) is at o · inputs + i.
   */
  readonly deviations: Float64Array;
  /** What enters the layer, [inputs · times]: what enters at input i from i · times on. */
  readonly entering: Float64Array;
}

/**
 * What goes through the edges of a layer of a KAN at some times, in float64.
 *
 * @param layer from 0, which takes the encoding, to that of the amplitude
 * @param times in [-1, 1]
 * @throws FewSoundError INVALID_ARGUMENT for another network, a layer that there is not, and without
 *   a time; DISPOSED
 */
export function splineEdges(kan: KAN, layer: number, times: ArrayLike<number>): LayerEdges {
  requireEdge(kan, { layer, output: 0, input: 0 });
  const count = times.length;
  if (!(count > 0)) throw invalidArgument('times', 'splineEdges: there is no time.');
  const functions = new Functions(kan);
  let entering = encode(kan, times);
  for (let before = 0; before < layer; before++) {
    entering = passLayer(weightsOf(kan, before), functions, entering, count);
  }
  const weights = weightsOf(kan, layer);
  const { inputs, outputs } = weights;
  return {
    inputs,
    outputs,
    deviations: deviationsOf(weights, functions, entering, count),
    entering,
  };
}

/**
 * The function of an edge, w_b·b(x) + w_s·Σ c_i B_i(x) with the activation b, in float64.
 *
 * @param x where to take it
 * @throws FewSoundError INVALID_ARGUMENT for another network or an edge that there is not; DISPOSED
 */
export function edgeFunction(kan: KAN, edge: SplineEdge, x: ArrayLike<number>): Float64Array {
  requireEdge(kan, edge);
  const { outputs, table } = weightsOf(kan, edge.layer);
  const functions = new Functions(kan);
  const first = edge.input * functions.count;
  return Float64Array.from(x, (value) => {
    const many = functions.at(value);
    let sum = 0;
    for (let k = 0; k < many; k++) {
      const place = (first + (functions.places[k] as number)) * outputs + edge.output;
      sum += (table[place] as number) * (functions.values[k] as number);
    }
    return sum;
  });
}

/**
 * Switches edges off: they add nothing from now on.
 *
 * @throws FewSoundError INVALID_ARGUMENT for another network or an edge that there is not; DISPOSED
 */
export function switchOffEdges(kan: KAN, edges: readonly SplineEdge[]): void {
  for (const edge of edges) requireEdge(kan, edge);
  noGrad(() =>
    scope(() => {
      for (const { layer, output, input } of edges) {
        for (const name of ['base', 'coefficients']) {
          parameter(kan, `layers.${layer}.${name}`).select(0, output).select(0, input).fill_(0);
        }
      }
    }),
  );
}

/** The functions that every edge is a sum of: the bases, and behind them the activation. */
class Functions {
  readonly count: number;
  readonly #grid: Grid;
  readonly #scratch: Scratch;

  constructor({ options: { grid, order, gridRange, baseActivation } }: KAN) {
    const [lower, upper] = gridRange;
    this.count = grid + order + 1;
    this.#grid = { intervals: grid, order, lower, upper, activation: baseActivation };
    this.#scratch = scratchFor(this.#grid);
  }

  /** Of those that are not zero. */
  get places(): Int32Array {
    return this.#scratch.rows;
  }

  get values(): Float64Array {
    return this.#scratch.factors;
  }

  /** @returns how many are not zero at x */
  at(x: number): number {
    return functionsAt(x, this.#grid, this.#scratch);
  }
}

/** What the edges of a layer multiply the functions by. */
interface Weights {
  readonly inputs: number;
  readonly outputs: number;
  readonly table: Float64Array; // [inputs, functions, outputs]
}

function weightsOf(kan: KAN, layer: number): Weights {
  const [outputs, inputs] = parameter(kan, `layers.${layer}.base`).shape as [number, number];
  const base = numbersOf(kan, `layers.${layer}.base`);
  const coefficients = numbersOf(kan, `layers.${layer}.coefficients`);
  const scale = kan.options.scaleSpline ? numbersOf(kan, `layers.${layer}.scale`) : undefined;
  return { inputs, outputs, table: layerTable(inputs, outputs, base, coefficients, scale) };
}

/** The features of times, [2 · frequencies · times]: all sines before all cosines. */
function encode(kan: KAN, times: ArrayLike<number>): Float64Array {
  const frequencies = numbersOf(kan, 'encoding.frequencies');
  const [width, count] = [frequencies.length, times.length];
  const features = new Float64Array(2 * width * count);
  for (let i = 0; i < width; i++) {
    for (let t = 0; t < count; t++) {
      const phase = (times[t] as number) * (frequencies[i] as number);
      features[i * count + t] = Math.sin(phase);
      features[(width + i) * count + t] = Math.cos(phase);
    }
  }
  return features;
}

/** What leaves a layer, [outputs · times]. */
function passLayer(
  { inputs, outputs, table }: Weights,
  functions: Functions,
  entering: Float64Array,
  times: number,
): Float64Array {
  const { count, places, values } = functions;
  const leaving = new Float64Array(outputs * times);
  const sum = new Float64Array(outputs);
  const rows = new Int32Array(places.length);
  for (let t = 0; t < times; t++) {
    sum.fill(0);
    for (let input = 0; input < inputs; input++) {
      const many = functions.at(entering[input * times + t] as number);
      for (let k = 0; k < many; k++) {
        rows[k] = (input * count + (places[k] as number)) * outputs;
      }
      addRows(table, rows, values, many, sum, outputs);
    }
    for (let output = 0; output < outputs; output++) {
      leaving[output * times + t] = sum[output] as number;
    }
  }
  return leaving;
}

/**
 * How far each edge moves its output. An edge is linear in its weights w: its mean is w·m and its
 * mean square wᵀSw, where m and S are those of the functions, which all edges of an input share.
 */
function deviationsOf(
  { inputs, outputs, table }: Weights,
  functions: Functions,
  entering: Float64Array,
  times: number,
): Float64Array {
  const { count, places, values } = functions;
  const deviations = new Float64Array(outputs * inputs);
  const means = new Float64Array(count);
  const squares = new Float64Array(count * count);
  const mean = new Float64Array(outputs);
  const square = new Float64Array(outputs);
  for (let input = 0; input < inputs; input++) {
    for (const sums of [means, squares, mean, square]) sums.fill(0);
    for (let t = 0; t < times; t++) {
      const many = functions.at(entering[input * times + t] as number);
      for (let k = 0; k < many; k++) {
        const place = places[k] as number;
        const value = (values[k] as number) / times;
        means[place] = (means[place] as number) + value;
        for (let l = 0; l < many; l++) {
          const at = place * count + (places[l] as number);
          squares[at] = (squares[at] as number) + value * (values[l] as number);
        }
      }
    }
    for (let k = 0; k < count; k++) {
      const one = (input * count + k) * outputs;
      for (let output = 0; output < outputs; output++) {
        const weight = table[one + output] as number;
        mean[output] = (mean[output] as number) + weight * (means[k] as number);
      }
      for (let l = 0; l < count; l++) {
        const both = squares[k * count + l] as number;
        if (both === 0) continue;
        const other = (input * count + l) * outputs;
        for (let output = 0; output < outputs; output++) {
          const product = (table[one + output] as number) * (table[other + output] as number);
          square[output] = (square[output] as number) + both * product;
        }
      }
    }
    for (let output = 0; output < outputs; output++) {
      const variance = (square[output] as number) - (mean[output] as number) ** 2;
      deviations[output * inputs + input] = Math.sqrt(Math.max(0, variance));
    }
  }
  return deviations;
}

const parameter = (kan: KAN, name: string) => kan.stateDict().get(name) as Tensor;

/** The numbers of a parameter, by rows. */
const numbersOf = (kan: KAN, name: string) =>
  scope(() => parameter(kan, name).detach().contiguous().data()) as Float32Array | Float64Array;

function requireKan(network: KAN): void {
  if (network instanceof KAN) return;
  throw invalidArgument('kan', 'expected a KAN: other networks have no splines on their edges.');
}

function requireEdge(kan: KAN, { layer, output, input }: SplineEdge): void {
  requireKan(kan);
  const layers = kan.options.layers.length + 1;
  const [outputs = 0, inputs = 0] = kan.stateDict().get(`layers.${layer}.base`)?.shape ?? [];
  const within = (place: number, count: number) =>
    Number.isInteger(place) && place >= 0 && place < count;
  if (within(output, outputs) && within(input, inputs)) return;
  const size = outputs > 0 ? `, and this one ${inputs} inputs and ${outputs} outputs` : '';
  throw invalidArgument(
    'edge',
    `There is no edge from input ${input} to output ${output} of layer ${layer}; the KAN has ${layers} layers${size}.`,
  );
}
