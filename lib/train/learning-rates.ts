import type { InrKind } from '../nn/index.js';

/**
 * Learning rate of `fit` where none is given, by network.
 *
 * | network | rate | source |
 * | --- | --- | --- |
 * | KAN | 5e-3 | paper 1, section 4.3: the base of its ablation; Table 16 has 1e-3 to 1e-2 |
 * | the others | below | not given in the paper: bench/results/learning-rates.md |
 */
export const defaultLearningRates: Readonly<Record<InrKind, number>> = Object.freeze({
  kan: 5e-3,
  nerf: 3e-3,
  siren: 3e-4,
  finer: 1e-3,
  rff: 3e-3,
  wire: 3e-4,
});
