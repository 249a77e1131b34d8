import { FewSoundError } from '../native/errors.js';
import { ops, type Tensor } from '../tensor/index.js';

/** Atoms of unit norm, and how many could not have one. */
export interface UnitAtoms {
  /** [atoms, dimension] float64 on the CPU, a row each. */
  readonly rows: Tensor;
  /** Atoms that are zero everywhere: they point nowhere. */
  readonly zeroAtoms: number;
  /** Atoms with a NaN or an infinity. */
  readonly nonFiniteAtoms: number;
}

/**
 * The columns of a dictionary scaled to unit norm. Those that have no direction are left out and counted.
 *
 * @internal
 * @param atoms [dimension, atoms]
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function unitAtoms(atoms: Tensor): UnitAtoms {
  const { shape } = atoms;
  if (shape.length !== 2 || atoms.size === 0 || atoms.dtype.startsWith('complex')) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `a dictionary is a matrix of real numbers [dimension, atoms] with at least one atom, but this is ${String(atoms)}.`,
      { shapes: [[...shape]] },
    );
  }
  const rows = atoms.detach().to({ dtype: 'float64', device: 'cpu' }).transpose().contiguous();
  // NaN and infinity are the largest entry of their atom. By that entry first: squares of very small or large numbers
  // would vanish or overflow.
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
