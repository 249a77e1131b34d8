import { optionsObject } from '../../native/option-fields.js';
import { HyperNetwork } from './hyper-network.js';
import { type HyperNetworkOptions, hyperFields } from './hyper-options.js';

/** Options of {@link HyperSound}. */
export type HyperSoundOptions = HyperNetworkOptions;

const schema = optionsObject(
  hyperFields({ kind: 'nerf', encoding: 10, layers: [90, 90, 90, 90, 90] }),
);

/**
 * HyperSound, the baseline (Szatkowski et al. 2023): the hypernetwork alone, θ' = H(E(x)), without
 * universal weights and without warm-up. Default target: a NeRF of five layers of 90.
 */
export class HyperSound extends HyperNetwork {
  override readonly kind = 'hypersound';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: HyperSoundOptions = {}) {
    super('HyperSound', schema, options, () => null);
  }

  override get warmupEpochs(): number {
    return 0;
  }
}
