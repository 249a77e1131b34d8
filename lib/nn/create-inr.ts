import { FewSoundError } from '../native/errors.js';
import { Finer, type FinerOptions } from './finer.js';
import { type Inr, type InrKind, inrKinds } from './inr.js';
import { KAN, type KanOptions } from './kan.js';
import { Nerf, type NerfOptions } from './nerf.js';
import { Rff, type RffOptions } from './rff.js';
import { Siren, type SirenOptions } from './siren.js';
import { Wire, type WireOptions } from './wire.js';

/** The class of each kind of network. */
export interface InrByKind {
  kan: KAN;
  nerf: Nerf;
  siren: Siren;
  rff: Rff;
  finer: Finer;
  wire: Wire;
}

/** The options of each kind of network. */
export interface InrOptionsByKind {
  kan: KanOptions;
  nerf: NerfOptions;
  siren: SirenOptions;
  rff: RffOptions;
  finer: FinerOptions;
  wire: WireOptions;
}

const classes: {
  readonly [Kind in InrKind]: new (
    options?: InrOptionsByKind[Kind],
  ) => InrByKind[Kind];
} = { kan: KAN, nerf: Nerf, siren: Siren, rff: Rff, finer: Finer, wire: Wire };

/** Whether a value names a kind of network. */
export function isInrKind(value: unknown): value is InrKind {
  return inrKinds.some((kind) => kind === value);
}

/**
 * A network by the name of its kind.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown kind, and what its constructor throws
 */
export function createInr<Kind extends InrKind>(
  kind: Kind,
  options?: InrOptionsByKind[Kind],
): InrByKind[Kind];
export function createInr(kind: InrKind, options?: object): Inr;
export function createInr(kind: InrKind, options: object = {}): Inr {
  if (!isInrKind(kind)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `kind is ${JSON.stringify(kind)}; expected ${inrKinds.join(', ')}.`,
      { field: 'kind' },
    );
  }
  return new classes[kind](options);
}
