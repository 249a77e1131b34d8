import { loadClip } from '../lib/audio/index.js';
import { createInr, type InrKind, inrKinds } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { machine } from './measure.js';

const TARGETS = [10, 15, 20] as const;

/** Seconds and steps until a reconstruction reaches an SI-SNR, for every network; null where it never did. */
export async function fitCurve(
  { threads, steps }: { threads: number; steps: number },
  audio: string,
) {
  const clip = await loadClip(audio, { sampleRate: 22_050, samples: 32_768, offset: 0.5 });
  const networks: Record<string, unknown> = {};
  for (const kind of inrKinds as readonly InrKind[]) {
    const network = createInr(kind, kind === 'kan' ? { order: 2, seed: 1 } : { seed: 1 });
    const reached: Record<string, { seconds: number; steps: number } | null> = {};
    for (const target of TARGETS) reached[`${target} dB`] = null;
    const result = await fit(network, clip, {
      steps,
      threads,
      earlyStop: { siSnr: Math.max(...TARGETS) },
      onProgress: ({ step, siSnr, secondsElapsed }) => {
        for (const target of TARGETS) {
          if ((siSnr ?? Number.NEGATIVE_INFINITY) >= target) {
            reached[`${target} dB`] ??= { seconds: secondsElapsed, steps: step };
          }
        }
      },
    });
    networks[kind] = { secondsPerStep: result.secondsPerStep, siSnr: result.siSnr, reached };
    network.dispose();
  }
  return { benchmark: 'fit-curve', audio: clip.source, ...machine(), threads, steps, networks };
}
