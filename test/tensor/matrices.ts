import { tensor } from '../../lib/tensor';

/** Two matrices that can be worked out by hand. */
export const a = () =>
  tensor([
    [1, -2],
    [3, 0.5],
  ]);
export const b = () =>
  tensor([
    [2, 1],
    [-1, 4],
  ]);
