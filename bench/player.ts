import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInr, type InrKind, inrKinds } from '../lib/nn/index.js';
import { readSound } from '../lib/player/index.js';
import { setThreads } from '../lib/tensor/index.js';
import { inTurn, machine, median } from './measure.js';

const SAMPLE_RATE = 48_000;
/** The block of an AudioWorklet. */
const BLOCK = 128;
const SECONDS = 0.25;

/**
 * Seconds of sound that `fewsound/player` renders in a second, at 48 kHz in blocks of 128 samples:
 * the networks by default, and the KAN of the recipes `quick` and `best`. Beside it what the addon
 * renders on one thread.
 */
export async function player({ rounds }: { rounds: number }) {
  setThreads(1);
  const folder = await mkdtemp(join(tmpdir(), 'fewsound-bench-'));
  const recipe = { layers: [45, 22, 11], grid: 14, order: 2, encoding: 7 };
  const subjects: [name: string, kind: InrKind, options: object][] = [
    ...inrKinds.map((kind): [string, InrKind, object] => [kind, kind, {}]),
    ['kan of quick', 'kan', recipe],
  ];
  const results: Record<string, object> = {};
  try {
    for (const [name, kind, options] of subjects) {
      using network = createInr(kind, { ...options, seed: 1 });
      network.clip = { sampleRate: 22_050, samples: 32_768 };
      const path = join(folder, 'model.safetensors');
      await network.save(path);
      const sound = readSound(await readFile(path));
      const block = new Float32Array(BLOCK);
      const times = await inTurn(rounds, {
        ours: async () =>
          timesRealTime(() => {
            for (let i = 0; i < SECONDS * SAMPLE_RATE; i += BLOCK) {
              sound.renderInto(block, { from: i / SAMPLE_RATE, sampleRate: SAMPLE_RATE });
            }
          }),
        addon: async () =>
          timesRealTime(() => network.render({ to: SECONDS, sampleRate: SAMPLE_RATE })),
      });
      results[name] = { ours: median(times.ours), addon: median(times.addon) };
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { benchmark: 'player', unit: 'times real time', rounds, ...machine(), results };
}

function timesRealTime(work: () => void): number {
  const begun = performance.now();
  work();
  return SECONDS / ((performance.now() - begun) / 1000);
}
