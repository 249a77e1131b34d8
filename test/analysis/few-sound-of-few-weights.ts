import { FewSound } from '../../lib/nn';

/** A whole FewSound model, small enough to look into every layer. */
export const fewSoundOfFewWeights = () =>
  new FewSound({
    target: { kind: 'nerf', layers: [4], encoding: 2 },
    samples: 3200,
    encoder: { channels: 4, dimension: 6 },
    hidden: [8],
    universalKernel: 5,
    universalConvolutions: 1,
    seed: 1,
  });
