import { type Encoding, positionalEncoding } from './encoding.js';
import type { Architecture, Weights } from './weights.js';

/** What is beside the splines, the usual one first. */
const activations = ['silu', 'tanh'] as const;

/** Splines of a degree on a uniform grid, and what is beside them. */
export interface Grid {
  readonly intervals: number;
  readonly order: number;
  readonly lower: number;
  readonly upper: number;
  readonly activation: (typeof activations)[number];
}

/** What all layers of a network write to while they compute. */
export interface Scratch {
  /** The bases that are not zero in a cell, [order + 1]. */
  readonly bases: Float64Array;
  /** Rows of a layer's table and what each counts, [order + 2]. */
  readonly rows: Int32Array;
  readonly factors: Float64Array;
}

/**
 * A layer: on every edge w_b·b(x) + w_s·Σ c_i B_i(x) with an activation b.
 *
 * Its table has, for every input, one row of the outputs for each basis and a last one for the
 * activation. So a sample reads order + 2 rows an input, each along memory.
 */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly table: Float64Array; // [inputs, intervals + order + 1, outputs]
  readonly result: Float64Array;
}

/** Amplitudes of a KAN: t in [-1, 1] -> amplitude. */
export function kanNetwork(architecture: Architecture, weights: Weights): (t: number) => number {
  const encoding = positionalEncoding(architecture, weights);
  const grid = gridOf(architecture, weights);
  const scaled = architecture.flag('scaleSpline');
  const widths = architecture.widths(encoding.features);
  const layers = widths
    .slice(1)
    .map((outputs, i) =>
      readLayer(weights, `layers.${i}`, widths[i] as number, outputs, grid, scaled),
    );
  const scratch = scratchFor(grid);
  const features = new Float64Array(encoding.features);
  return (t) => amplitude(t, encoding, features, layers, grid, scratch);
}

export function scratchFor({ order }: Grid): Scratch {
  return {
    bases: new Float64Array(order + 1),
    rows: new Int32Array(order + 2),
    factors: new Float64Array(order + 2),
  };
}

function gridOf(architecture: Architecture, { fault }: Weights): Grid {
  const order = architecture.number('order', 1);
  const intervals = architecture.number('grid', 1);
  const [lower, upper] = architecture.numbers('gridRange');
  if (lower === undefined || upper === undefined || lower >= upper) {
    throw fault('its metadata describe no model that can be played: gridRange is no range');
  }
  // Files of earlier days do not say which.
  const activation = architecture.choice('baseActivation', activations);
  return { intervals, order, lower, upper, activation };
}

function readLayer(
  weights: Weights,
  name: string,
  inputs: number,
  outputs: number,
  { intervals, order }: Grid,
  scaled: boolean,
): Layer {
  const bases = intervals + order;
  const coefficients = weights.take(`${name}.coefficients`, [outputs, inputs, bases]);
  const base = weights.take(`${name}.base`, [outputs, inputs]);
  const scale = scaled ? weights.take(`${name}.scale`, [outputs, inputs]) : undefined;
  const table = layerTable(inputs, outputs, base, coefficients, scale);
  return { inputs, outputs, table, result: new Float64Array(outputs) };
}

/**
 * The table of a {@link Layer}.
 *
 * @param base [outputs, inputs], as `scale`
 * @param coefficients [outputs, inputs, bases]
 */
export function layerTable(
  inputs: number,
  outputs: number,
  base: ArrayLike<number>,
  coefficients: ArrayLike<number>,
  scale: ArrayLike<number> | undefined,
): Float64Array {
  const bases = coefficients.length / base.length;
  const table = new Float64Array(inputs * (bases + 1) * outputs);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      const edge = output * inputs + input;
      const factor = scale === undefined ? 1 : (scale[edge] as number);
      const first = input * (bases + 1) * outputs + output;
      for (let i = 0; i < bases; i++) {
        table[first + i * outputs] = factor * (coefficients[edge * bases + i] as number);
      }
      table[first + bases * outputs] = base[edge] as number;
    }
  }
  return table;
}

function amplitude(
  t: number,
  encoding: Encoding,
  features: Float64Array,
  layers: readonly Layer[],
  grid: Grid,
  scratch: Scratch,
): number {
  encoding.encode(t, features);
  let x: Float64Array = features;
  for (const layer of layers) {
    computeLayer(layer, x, grid, scratch);
    x = layer.result;
  }
  return x[0] as number;
}

function computeLayer(
  { inputs, outputs, table, result }: Layer,
  x: Float64Array,
  grid: Grid,
  scratch: Scratch,
): void {
  const { intervals, order } = grid;
  const { rows, factors } = scratch;
  const functions = intervals + order + 1;
  result.fill(0);
  for (let input = 0; input < inputs; input++) {
    const count = functionsAt(x[input] as number, grid, scratch);
    for (let i = 0; i < count; i++) {
      rows[i] = (input * functions + (rows[i] as number)) * outputs;
    }
    addRows(table, rows, factors, count, result, outputs);
  }
}

/**
 * The functions that every edge is a sum of, where they are not zero: their places in `rows`, the
 * activation's behind those of the bases, and their values in `factors`.
 *
 * @returns how many they are
 */
export function functionsAt(
  x: number,
  { intervals, order, lower, upper, activation }: Grid,
  { bases, rows, factors }: Scratch,
): number {
  const all = intervals + order;
  const place = (x - lower) * (intervals / (upper - lower)) + order;
  const cell = Math.floor(place);
  let count = 0;
  // Off the extended grid, and for what is no number, all bases are zero.
  if (cell >= 0 && cell < all + order) {
    localBases(place - cell, order, bases);
    const last = Math.min(order, cell);
    for (let i = Math.max(0, cell - all + 1); i <= last; i++) {
      rows[count] = cell - i;
      factors[count++] = bases[i] as number;
    }
  }
  rows[count] = all;
  factors[count++] = activation === 'tanh' ? Math.tanh(x) : x / (1 + Math.exp(-x));
  return count;
}

/**
 * The bases that are not zero in a cell: basis i has its support from i cells to the left on. Each
 * degree shares the one below between its two neighbors (Cox and de Boor, on equal cells).
 */
function localBases(fraction: number, order: number, bases: Float64Array): void {
  bases[0] = 1;
  for (let degree = 1; degree <= order; degree++) {
    const part = 1 / degree;
    bases[degree] = 0;
    for (let i = degree; i > 0; i--) {
      bases[i] =
        (fraction + i) * part * (bases[i] as number) +
        (1 - (fraction + i - 1) * part) * (bases[i - 1] as number);
    }
    bases[0] *= fraction * part;
  }
}

/** Adds weighted rows of a table, up to five (cubic splines and the activation) in one pass. */
export function addRows(
  table: Float64Array,
  rows: Int32Array,
  factors: Float64Array,
  count: number,
  result: Float64Array,
  length: number,
): void {
  for (let row = 0; row < count; row += 5) {
    if (count - row > 4) addFive(table, rows, factors, row, result, length);
    else addUpToFour(table, rows, factors, row, count, result, length);
  }
}

function addFive(
  table: Float64Array,
  rows: Int32Array,
  factors: Float64Array,
  row: number,
  result: Float64Array,
  length: number,
): void {
  const a = rows[row] as number;
  const b = rows[row + 1] as number;
  const c = rows[row + 2] as number;
  const d = rows[row + 3] as number;
  const e = rows[row + 4] as number;
  const p = factors[row] as number;
  const q = factors[row + 1] as number;
  const r = factors[row + 2] as number;
  const s = factors[row + 3] as number;
  const t = factors[row + 4] as number;
  for (let i = 0; i < length; i++) {
    result[i] =
      (result[i] as number) +
      p * (table[a + i] as number) +
      q * (table[b + i] as number) +
      r * (table[c + i] as number) +
      s * (table[d + i] as number) +
      t * (table[e + i] as number);
  }
}

/** The same of what is left: rows that are not there count nothing. */
function addUpToFour(
  table: Float64Array,
  rows: Int32Array,
  factors: Float64Array,
  row: number,
  count: number,
  result: Float64Array,
  length: number,
): void {
  const a = rows[row] as number;
  const b = row + 1 < count ? (rows[row + 1] as number) : a;
  const c = row + 2 < count ? (rows[row + 2] as number) : a;
  const d = row + 3 < count ? (rows[row + 3] as number) : a;
  const p = factors[row] as number;
  const q = row + 1 < count ? (factors[row + 1] as number) : 0;
  const r = row + 2 < count ? (factors[row + 2] as number) : 0;
  const s = row + 3 < count ? (factors[row + 3] as number) : 0;
  for (let i = 0; i < length; i++) {
    result[i] =
      (result[i] as number) +
      p * (table[a + i] as number) +
      q * (table[b + i] as number) +
      r * (table[c + i] as number) +
      s * (table[d + i] as number);
  }
}
