import { createInr, type Inr, type InrKind } from '../../lib/nn';

/** Where two layers of 6 and 4 are not small enough, or say too little. */
const options: Readonly<Partial<Record<InrKind, object>>> = {
  kan: { layers: [5, 3], encoding: 3, grid: 4, order: 3 },
  nerf: { encoding: 3 },
  siren: { omega0: 20, omega: 5, gradientFix: false },
  rff: { frequencies: 4, sigma: 2 },
  wire: { layers: [5, 4] },
};

/** A network of a few dozen parameters. */
export function smallNetwork(kind: InrKind, more: object = {}): Inr {
  return createInr(kind, { seed: 11, layers: [6, 4], ...options[kind], ...more });
}
