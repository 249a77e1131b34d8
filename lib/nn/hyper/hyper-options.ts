import type {
  EncoderOptions,
  FewSoundOptions,
  HyperSoundOptions,
  TargetOptions,
} from '../../options.generated.js';

export type { EncoderOptions, FewSoundOptions, HyperSoundOptions, TargetOptions };

/** Options of both models that write networks. */
export type HyperNetworkOptions = HyperSoundOptions;

export type WeightMode = NonNullable<HyperNetworkOptions['mode']>;

/** Hidden widths of the two hypernetworks of paper 1, section 4.2 (17.5M and 41.2M parameters). */
export const hypernetworkSizes = {
  small: [400, 768, 768, 768, 768, 400],
  large: [960, 768, 768, 768, 768, 960],
} as const satisfies Record<string, readonly number[]>;
