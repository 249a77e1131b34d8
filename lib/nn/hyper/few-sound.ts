import { optionsObject } from '../../options.js';
import { HyperNetwork } from './hyper-network.js';
import {
  type HyperNetworkOptions,
  hyperFields,
  type TargetOptions,
  universalFields,
} from './hyper-options.js';

/** Options of {@link FewSound}. */
export interface FewSoundOptions extends HyperNetworkOptions {
  /** The network that is written. Default a NeRF of 32,901 parameters: `{ kind: 'nerf', encoding: 10 }`. */
  target?: TargetOptions;
  /** Kernel of the convolutions of G over the universal weights. Default 8101. */
  universalKernel?: number;
  /** How many convolutions G has. Default 2. */
  universalConvolutions?: number;
  /** Epochs over which the update grows to its whole: f = min(1, epoch / warmupEpochs). Default 50; 0: none. */
  warmupEpochs?: number;
}

const fewSoundSchema = optionsObject({
  ...hyperFields({ kind: 'nerf', encoding: 10 }),
  ...universalFields,
});

/**
 * FewSound: universal weights θ, an encoder E of the recording, an encoder G of θ and a hypernetwork H,
 * θ' = θ + f·H([E(x), G(θ)]) (paper 1, section 3, equation 1). The default has 94,362,534 parameters.
 *
 * Parameters: `encoder.…`, `universal.…` (θ is `universal.theta`), `writer.layers.i.weight` and `.bias`;
 * `target.…` for what all recordings share.
 */
export class FewSound extends HyperNetwork {
  override readonly kind = 'fewsound';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: FewSoundOptions = {}) {
    super(
      'FewSound',
      fewSoundSchema,
      options,
      ({ universalKernel = 0, universalConvolutions = 0 }) => ({
        kernel: universalKernel,
        convolutions: universalConvolutions,
      }),
    );
  }

  override get warmupEpochs(): number {
    return (this.options as { warmupEpochs?: number }).warmupEpochs ?? 0;
  }
}

/** Options of {@link HyperSound}. */
export type HyperSoundOptions = HyperNetworkOptions;

const hyperSoundSchema = optionsObject(
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
    super('HyperSound', hyperSoundSchema, options, () => null);
  }

  override get warmupEpochs(): number {
    return 0;
  }
}
