import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeWav } from '../lib/audio/index.js';
import { openCorpus, prefetch, prepareCorpus, TrainingBatches } from '../lib/data/index.js';
import { inTurn, machine, median } from './measure.js';
import { benchmarkClip } from './subjects.js';

const BATCH = 16;
const SAMPLES = 32_768;
const BATCHES = 200;
const RECORDINGS = 20;

/**
 * Samples a second that come out of a prepared corpus as a training has them: read from the disk
 * (the system's cache, here), cropped, phase-mangled, dequantized, scaled, in batches of 16
 * prepared ahead. It all happens on one thread. `bench hyper-step` says what a training step takes
 * in.
 */
export async function dataPipeline({ rounds }: { rounds: number }) {
  const work = await mkdtemp(join(tmpdir(), 'fewsound-bench-'));
  try {
    const audio = join(work, 'audio');
    await mkdir(audio);
    const clip = benchmarkClip(10 * 65_536);
    for (let i = 0; i < RECORDINGS; i++) await writeWav(join(audio, `${i}.wav`), clip);
    const out = join(work, 'corpus');
    await prepareCorpus({ corpus: 'folder', folder: audio, out, validationFraction: 0.2 });
    await using corpus = await openCorpus(out);
    const pass = (switchedOff: boolean) => async () => {
      const batches = new TrainingBatches({
        store: corpus.train,
        samplesPerEpoch: BATCH * BATCHES,
        ...(switchedOff && { augmentation: { phaseMangle: 0, dequantize: false } }),
      });
      const start = process.cpuUsage();
      const before = performance.now();
      for await (const _ of prefetch(batches, { batchSize: BATCH, epochs: 1, reuse: true }));
      const { user, system } = process.cpuUsage(start);
      cpu.push((user + system) / 1e6);
      return (performance.now() - before) / 1000;
    };
    const cpu: number[] = [];
    await pass(false)();
    const seconds = await inTurn(rounds, { augmented: pass(false), plain: pass(true) });
    const total = BATCH * BATCHES * SAMPLES;
    return {
      benchmark: 'data-pipeline',
      batch: BATCH,
      samples: SAMPLES,
      batches: BATCHES,
      rounds,
      ...machine(),
      samplesPerSecond: {
        augmented: total / median(seconds.augmented),
        plain: total / median(seconds.plain),
      },
      samplesPerCpuSecond: total / median(cpu.slice(1).filter((_, i) => i % 2 === 0)),
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
