import { join } from 'node:path';
import { loadClip, type PitchOptions, pitch } from '../../lib/audio/index.js';
import { compare } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult } from './result.js';
import { ruleOf } from './tolerance.js';

/** The pitch of a recording in `speech/`: `coarse` before it is refined, then all of it. */
export async function checkPitch(golden: GoldenFile): Promise<CheckResult> {
  const path = join(golden.folder, 'speech', golden.need<string>('recording'));
  const clip = await loadClip(path, { normalize: false });
  const options = golden.need<PitchOptions>('options');
  const coarse = await pitch(clip, { ...options, refine: false, aperiodicity: false });
  const found = { ...(await pitch(clip, options)), coarse: coarse.frequency };
  const comparisons = [...golden.tensors].map(([name, tensor]) =>
    compare(
      name,
      found[name as keyof typeof found] as Float64Array,
      numbers(tensor),
      ruleOf(golden, 'float64'),
    ),
  );
  return { comparisons };
}
