import { FewSoundError } from '../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { callOperator, ops, scope, type Tensor } from '../tensor/index.js';

/** The eigenvalues of D·Dᵀ. */
interface AtomSpectrum {
  /** [dimension], descending; exact zeros where there are fewer atoms than dimensions. */
  readonly eigenvalues: Float64Array;
  /** How many are numerically not 0: linearly independent atoms. */
  readonly rank: number;
}

/**
 * The spectrum of a dictionary. D·Dᵀ and Dᵀ·D have the same eigenvalues but for zeros; the smaller
 * one is decomposed.
 *
 * @param rows [atoms, dimension] float64, a row for each atom
 */
export function atomSpectrum(rows: Tensor): AtomSpectrum {
  const [count, dimension] = rows.shape as [number, number];
  const gram = count < dimension ? rows.matmul(rows.transpose()) : rows.transpose().matmul(rows);
  const ascending = gram.eigvalsh().data('float64');
  const eigenvalues = new Float64Array(dimension);
  for (let i = 0; i < ascending.length; i++) {
    // Rounding can turn a zero into a small negative number.
    eigenvalues[i] = Math.max(0, ascending[ascending.length - 1 - i] as number);
  }
  // The threshold of numpy.linalg.matrix_rank for a Hermitian matrix.
  const threshold = Math.max(count, dimension) * Number.EPSILON * (eigenvalues[0] as number);
  return { eigenvalues, rank: eigenvalues.filter((value) => value > threshold).length };
}

/** Atoms of unit norm, and how many have none. */
interface UnitAtoms {
  /** [atoms, dimension] float64 on the CPU, a row each. */
  readonly rows: Tensor;
  /** Atoms that are zero everywhere. */
  readonly zeroAtoms: number;
  /** Atoms with a NaN or an infinity. */
  readonly nonFiniteAtoms: number;
}

/**
 * The columns of a dictionary scaled to unit norm. Those without a direction are left out and
 * counted.
 *
 * @param atoms [dimension, atoms]
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function unitAtoms(atoms: Tensor): UnitAtoms {
  const { shape } = atoms;
  if (shape.length !== 2 || atoms.size === 0 || atoms.dtype.startsWith('complex')) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `expected a dictionary, a real matrix [dimension, atoms] with at least one atom, got ${String(atoms)}.`,
      { shapes: [[...shape]] },
    );
  }
  const rows = atoms.detach().to({ dtype: 'float64', device: 'cpu' }).transpose().contiguous();
  // NaN and infinity are the largest entry of their atom. Scale by that entry first: squares of
  // very small or large numbers would vanish or overflow.
  const largest = rows.abs().max(1);
  const finite = largest.isfinite();
  const kept = ops.logicalAnd(finite, largest.gt(0)).nonzero().reshape([-1]); // [atoms]
  const count = rows.shape[0] as number;
  const finiteCount = finite.to({ dtype: 'float64' }).sum().item();
  const keptCount = kept.shape[0] as number;
  const all = keptCount === count;
  const scaled = (all ? rows : rows.indexSelect(0, kept)).div(
    (all ? largest : largest.indexSelect(0, kept)).unsqueeze(1),
  );
  return {
    rows: scaled.div_(scaled.norm(2, 1, true)),
    zeroAtoms: finiteCount - keptCount,
    nonFiniteAtoms: count - finiteCount,
  };
}

/** Geometric properties of a dictionary; angles in degrees. */
export interface DictionaryMetrics {
  /** Atoms that were evaluated. */
  readonly atoms: number;
  /** Length of an atom. */
  readonly dimension: number;
  /** Number of linearly independent atoms, numerically. */
  readonly rank: number;
  /** Smallest eigenvalue of D·Dᵀ: 0 where the atoms do not span the space. */
  readonly A: number;
  /** Largest eigenvalue of D·Dᵀ. */
  readonly B: number;
  /** Smallest eigenvalue of D·Dᵀ that is not 0. */
  readonly lambdaMinPlus: number;
  /** Smallest angle between two atoms: arccos mu. */
  readonly betaMin: number;
  /** Mean over the atoms of the angle to the nearest other atom. */
  readonly betaAvg: number;
  /** arccos muMse. */
  readonly betaMse: number;
  /** Mutual coherence: the largest |⟨d_i, d_j⟩|, i ≠ j. */
  readonly mu: number;
  /** Mean over the atoms of the largest |⟨d_i, d_j⟩|. */
  readonly muAvg: number;
  /** √(Σλ²) / atoms: root mean square of ⟨d_i, d_j⟩, i = j included. */
  readonly muMse: number;
  /** Babel function: entry m - 1 is the largest sum of m values |⟨d_i, d_j⟩|, j ≠ i, over i. */
  readonly babel: Float64Array;
  /** [dimension], descending: the eigenvalues of D·Dᵀ. */
  readonly eigenvalues: Float64Array;
  /** Atoms left out because they are zero everywhere. */
  readonly zeroAtoms: number;
  /** Atoms left out because of NaN or infinity. */
  readonly nonFiniteAtoms: number;
}

export interface DictionaryMetricsOptions {
  /** Longest sum of the Babel function; 0 for none. Default 128; at most atoms - 1. */
  babel?: number;
}

const schema = optionsObject({ babel: wholeNumber(0, 2 ** 24).default(128) });

/** Atoms whose products with all others are held at once. */
const BLOCK = 256;

/**
 * How the atoms of a dictionary are spread over the unit ball (Skretting and Engan, "Learned
 * dictionaries for sparse image representation", 2011; paper 2, section 3.3), in float64 whatever
 * the dtype of the atoms. Atoms are scaled to unit norm first.
 *
 * Atoms that are zero or not finite have no direction: they are left out and counted. A single atom
 * has no pair: `mu` and `muAvg` are 0, `betaMin` and `betaAvg` 90; `muMse`, in which it meets
 * itself, is 1 and `betaMse` 0. Without any atom all figures are NaN.
 *
 * @param atoms [dimension, atoms], a column each; see `dictionaryOf`
 * @throws FewSoundError SHAPE_MISMATCH for anything but a matrix of real numbers, INVALID_ARGUMENT
 */
export function dictionaryMetrics(
  atoms: Tensor,
  options: DictionaryMetricsOptions = {},
): DictionaryMetrics {
  const { babel } = parseOptions(schema, options, 'dictionaryMetrics options');
  return scope(() => {
    const { rows, zeroAtoms, nonFiniteAtoms } = unitAtoms(atoms);
    const [count, dimension] = rows.shape as [number, number];
    const left = { atoms: count, dimension, zeroAtoms, nonFiniteAtoms };
    if (count === 0) return { ...left, ...withoutAtoms(dimension) };
    const { eigenvalues, rank } = atomSpectrum(rows);
    const { nearest, sums } = coherence(rows, Math.min(babel, count - 1));
    const smallest = eigenvalues[rank - 1] as number;
    const mu = nearest.reduce((most, value) => Math.max(most, value), 0);
    const muMse = Math.sqrt(eigenvalues.reduce((sum, value) => sum + value * value, 0)) / count;
    return {
      ...left,
      rank,
      A: rank === dimension ? smallest : 0,
      B: eigenvalues[0] as number,
      lambdaMinPlus: smallest,
      betaMin: degrees(mu),
      betaAvg: mean(nearest.map(degrees)),
      betaMse: degrees(Math.min(1, muMse)),
      mu,
      muAvg: mean(nearest),
      muMse,
      babel: sums,
      eigenvalues,
    };
  });
}

/** For each atom the largest |⟨d_i, d_j⟩| with another, [atoms]; the Babel function, [order]. */
function coherence(rows: Tensor, order: number): { nearest: Float64Array; sums: Float64Array } {
  const [count] = rows.shape as [number, number];
  const nearest = new Float64Array(count);
  const sums = new Float64Array(order);
  const columns = rows.transpose();
  for (let first = 0; first < count; first += BLOCK) {
    const size = Math.min(BLOCK, count - first);
    // The Babel function needs all products of an atom; for the nearest atoms one half is enough.
    const from = order === 0 ? first : 0;
    scope(() => {
      const products = rows.narrow(0, first, size).matmul(columns.narrow(1, from, count - from)); // [size, atoms]
      // In place: new memory would cost more than the values.
      callOperator('aten::abs_', [products]);
      products.diagonal(first - from).zero_();
      maxInto(nearest, first, products.max(1));
      if (order === 0) {
        maxInto(nearest, from, products.max(0));
        return;
      }
      maxInto(sums, 0, products.topk(order).values.clamp(null, 1).cumsum(1).max(0));
    });
  }
  // Rounding may take the product of two equal atoms slightly above 1.
  return { nearest: nearest.map((value) => Math.min(1, value)), sums };
}

/** Replaces values from a position on by those of a vector where these are larger. */
function maxInto(values: Float64Array, from: number, others: Tensor): void {
  others.data('float64').forEach((other, i) => {
    values[from + i] = Math.max(values[from + i] as number, other);
  });
}

function withoutAtoms(dimension: number) {
  const none = Number.NaN;
  return {
    ...{ rank: 0, A: none, B: none, lambdaMinPlus: none, mu: none, muAvg: none, muMse: none },
    ...{ betaMin: none, betaAvg: none, betaMse: none },
    babel: new Float64Array(0),
    eigenvalues: new Float64Array(dimension).fill(none),
  };
}

/** The angle of a cosine, degrees. */
export const degrees = (cosine: number) => (Math.acos(cosine) * 180) / Math.PI;

const mean = (values: Float64Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
