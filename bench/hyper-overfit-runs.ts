// The trainings of `bench hyper-overfit` in a process of their own: FOLDER TARGET SEEDS LIMITED. A
// line of JSON for each seed.
import { join } from 'node:path';
import { learnByHeart, type OverfitTarget, overfitCorpus } from '../test/train/overfit-case.js';

/** What a training with one seed came to. */
export interface OverfitRun {
  readonly seed: number;
  /** SI-SNR of each recording, dB. */
  readonly siSnr: readonly (number | null)[];
  /** Whether a written network became constant. */
  readonly constant: boolean;
}

async function main([folder = '', target, seeds, limited]: readonly string[]): Promise<void> {
  const corpus = await overfitCorpus(folder);
  for (let seed = 1; seed <= Number(seeds); seed++) {
    let constant = false;
    const siSnr = await learnByHeart(corpus, join(folder, String(seed)), target as OverfitTarget, {
      seed,
      steps: 400,
      ...(limited === 'false' && { maxUpdate: 0 }),
      onWarning: () => {
        constant = true;
      },
    });
    const run: OverfitRun = { seed, siSnr, constant };
    console.log(JSON.stringify(run));
  }
  await corpus.close();
}

if (require.main === module) void main(process.argv.slice(2));
