import type { PreparedCorpus } from '../../lib/data';
import { temporaryFolder } from '../nn/temporary-folder';
import { learnByHeart, type OverfitTarget, overfitCorpus } from './overfit-case';

const at = temporaryFolder();
let corpus: PreparedCorpus;
beforeAll(async () => {
  corpus = await overfitCorpus(at('.'));
});
afterAll(() => corpus.close());

// With gradients that are right end to end, a model learns one batch by heart: encoder, universal
// weights and hypernetwork move together, through the target's samples and the loss.
// `bench hyper-overfit` does it with twenty seeds on three kinds of processors:
// bench/results/fewsound.md.
it.each<OverfitTarget>(['nerf', 'kan', 'siren'])(
  'one batch is learned by heart, to an SI-SNR above 15 dB: a %s',
  async (kind) => {
    const found = await learnByHeart(corpus, at(kind), kind, { seed: 5, steps: 200 });
    expect(found).toHaveLength(4);
    for (const siSnr of found) expect(siSnr).toBeGreaterThan(15);
  },
);
