import type { Tensor } from '../tensor/index.js';

/** The eigenvalues of D·Dᵀ. */
export interface AtomSpectrum {
  /** [dimension], descending; those that are 0 for want of atoms are exact zeros. */
  readonly eigenvalues: Float64Array;
  /** How many are not 0, numerically: linearly independent atoms. */
  readonly rank: number;
}

/**
 * The spectrum of a dictionary. Of D·Dᵀ and Dᵀ·D, which have the same eigenvalues but for zeros, the smaller one is
 * decomposed.
 *
 * @internal
 * @param rows [atoms, dimension] float64, a row for each atom
 */
export function atomSpectrum(rows: Tensor): AtomSpectrum {
  const [count, dimension] = rows.shape as [number, number];
  const gram = count < dimension ? rows.matmul(rows.transpose()) : rows.transpose().matmul(rows);
  const ascending = gram.eigvalsh().data('float64');
  const eigenvalues = new Float64Array(dimension);
  for (let i = 0; i < ascending.length; i++) {
    // Rounding makes of a zero a number just below it.
    eigenvalues[i] = Math.max(0, ascending[ascending.length - 1 - i] as number);
  }
  // As numpy.linalg.matrix_rank has it for a Hermitian matrix.
  const threshold = Math.max(count, dimension) * Number.EPSILON * (eigenvalues[0] as number);
  return { eigenvalues, rank: eigenvalues.filter((value) => value > threshold).length };
}
