import { createInr, type Inr, type InrKind } from '../../lib/nn';

const options: Readonly<Record<InrKind, object>> = {
  kan: { layers: [5, 3], encoding: 3, grid: 4, order: 3 },
  nerf: { layers: [6, 4], encoding: 3 },
  siren: { layers: [6, 4], omega0: 20, omega: 5, gradientFix: false },
  rff: { layers: [6, 4], frequencies: 4, sigma: 2 },
  finer: { layers: [6, 4] },
  wire: { layers: [5, 4] },
};

/** A network of a few dozen parameters. */
export function smallNetwork(kind: InrKind, more: object = {}): Inr {
  return createInr(kind, { seed: 11, ...options[kind], ...more });
}
