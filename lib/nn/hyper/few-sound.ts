import { FewSoundError } from '../../errors.js';
import { kindsOf, type Resolved } from '../../options.js';
import { HyperNetwork, type HyperNetworkKind } from './hyper-network.js';
import type { FewSoundOptions, HyperSoundOptions } from './hyper-options.js';

export type { FewSoundOptions, HyperSoundOptions };

/**
 * FewSound: universal weights θ, an encoder E of the recording, an encoder G of θ and a
 * hypernetwork H, θ' = θ + f·H([E(x), G(θ)]) (paper 1, section 3, equation 1). The default has
 * 94,362,534 parameters.
 *
 * Parameters: `encoder.…`, `universal.…` (θ is `universal.theta`), `writer.layers.i.weight` and
 * `.bias`; `target.…` for what all recordings share.
 */
export class FewSound extends HyperNetwork {
  override readonly kind = 'fewsound';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: FewSoundOptions = {}) {
    super('fewsound', options);
  }

  override get options(): Resolved<FewSoundOptions> {
    return super.options as Resolved<FewSoundOptions>;
  }
}

/**
 * HyperSound, the baseline (Szatkowski et al. 2023): the hypernetwork alone, θ' = H(E(x)), without
 * universal weights and without warm-up. Default target: a NeRF of five layers of 90.
 */
export class HyperSound extends HyperNetwork {
  override readonly kind = 'hypersound';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: HyperSoundOptions = {}) {
    super('hypersound', options);
  }
}

const classes = { fewsound: FewSound, hypersound: HyperSound } as const satisfies Record<
  HyperNetworkKind,
  unknown
>;

/** The class of each kind of model that writes networks. */
export type HyperNetworkByKind = {
  [Kind in HyperNetworkKind]: InstanceType<(typeof classes)[Kind]>;
};

/** The options of each kind of model that writes networks. */
export type HyperNetworkOptionsByKind = {
  [Kind in HyperNetworkKind]: NonNullable<ConstructorParameters<(typeof classes)[Kind]>[0]>;
};

/**
 * A model that writes networks by the name of its kind.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown kind, and what its constructor throws
 */
export function createHyperNetwork<Kind extends HyperNetworkKind>(
  kind: Kind,
  options?: HyperNetworkOptionsByKind[Kind],
): HyperNetworkByKind[Kind] {
  if (!kindsOf('hypernetwork').includes(kind)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `kind is ${JSON.stringify(kind)}; expected ${kindsOf('hypernetwork').join(', ')}.`,
      { field: 'kind' },
    );
  }
  return new classes[kind](options) as HyperNetworkByKind[Kind];
}
