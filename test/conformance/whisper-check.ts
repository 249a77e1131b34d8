import { join } from 'node:path';
import { addon } from '../../lib/addon/addon.js';
import { HyperSound, loadWhisperWeights } from '../../lib/nn/index.js';
import { scope } from '../../lib/tensor/index.js';
import { handleOf, wrapTensor } from '../../lib/tensor/tensor.js';
import { compare } from './comparison.js';
import { type GoldenFile, numbers } from './golden-file.js';
import type { CheckResult } from './result.js';
import { ruleOf } from './tolerance.js';

const MELS = 80;

/**
 * Whisper tiny.en over 30 s with the published weights: the first frames of the log-mel spectrogram
 * and the positions that each recording reaches.
 */
export async function checkWhisperTiny(golden: GoldenFile): Promise<CheckResult> {
  const tolerance = ruleOf(golden, 'float32');
  const weights = join(golden.folder, golden.need<string>('weights'));
  const results = [];
  for (let i = 0; golden.has(`${i}.audio`); i++) {
    const audio = golden.tensor(`${i}.audio`).reshape([1, -1]);
    const [, samples] = audio.shape as [number, number];
    const mel = golden.tensor(`${i}.mel`);
    const out = golden.tensor(`${i}.out`);
    using model = new HyperSound({
      target: { kind: 'nerf', layers: [1], encoding: 1 },
      hidden: [1],
      samples,
      encoder: { kind: 'whisper', sampleRate: 16_000, lora: { rank: 0 }, width: 0 },
      seed: 0,
      device: golden.device,
    });
    await loadWhisperWeights(model, weights);
    results.push(
      ...scope(() => {
        const spectrogram = wrapTensor(
          addon().whisperLogMel(handleOf(audio), MELS, mel.shape[1] as number),
        );
        const heard = numbers(model.codes(audio));
        const reached = numbers(out).subarray(0, heard.length);
        return [
          compare(`${i}.mel`, numbers(spectrogram), numbers(mel), tolerance),
          compare(`${i}.out`, heard, reached, tolerance),
        ];
      }),
    );
  }
  return { comparisons: results };
}
