import { type EncoderOptions, FewSound } from '../../lib/nn';

/** A whole FewSound model, small enough to look into every layer. */
export const fewSoundOfFewWeights = (
  encoder: EncoderOptions = { channels: 4, dimension: 6 },
): FewSound =>
  new FewSound({
    target: { kind: 'nerf', layers: [4], encoding: 2 },
    samples: 3200,
    encoder,
    hidden: [8],
    universalKernel: 5,
    universalConvolutions: 1,
    seed: 1,
  });
