import { basename } from 'node:path';
import { loadClip } from '../lib/audio/index.js';
import { evaluate } from '../lib/metrics/index.js';
import { createInr, type InrKind } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { machine } from './measure.js';

/** Rates a factor of about three apart, around what each network's own paper used. */
const CANDIDATES: Readonly<Partial<Record<InrKind, readonly number[]>>> = {
  nerf: [1e-3, 3e-3, 1e-2],
  siren: [3e-5, 1e-4, 3e-4, 1e-3, 3e-3],
  finer: [3e-4, 1e-3, 3e-3],
  rff: [1e-3, 3e-3, 1e-2],
  wire: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
};

/** The last loss, SI-SNR and LSD of every baseline at every candidate rate, on each recording. */
export async function learningRates(
  { threads, steps }: { threads: number; steps: number },
  ...recordings: string[]
) {
  const rows: object[] = [];
  for (const recording of recordings) {
    const clip = await loadClip(recording, { sampleRate: 22_050, samples: 32_768, offset: 0.5 });
    for (const [kind, rates] of Object.entries(CANDIDATES) as [InrKind, readonly number[]][]) {
      for (const learningRate of rates) {
        const network = createInr(kind, { seed: 1 });
        const row = { recording: basename(recording), kind, learningRate };
        try {
          const { loss, secondsPerStep } = await fit(network, clip, {
            steps,
            learningRate,
            threads,
          });
          const { siSnr, lsd } = await evaluate(clip, network.render(clip.length));
          rows.push({ ...row, loss, siSnr, lsd, secondsPerStep });
        } catch (error) {
          rows.push({ ...row, loss: null, failed: (error as Error).message });
        }
        console.error(JSON.stringify(rows.at(-1)));
        network.dispose();
      }
    }
  }
  return { benchmark: 'learning-rates', ...machine(), threads, steps, rows };
}
