import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createClip, peakNormalize, writeWav } from '../../lib/audio/index.js';
import { openCorpus, type PreparedCorpus, prepareCorpus } from '../../lib/data/index.js';
import { siSnr } from '../../lib/metrics/index.js';
import { FewSound, type TargetOptions } from '../../lib/nn/index.js';
import { noGrad, scope, tensor } from '../../lib/tensor/index.js';
import { type TrainOptions, train } from '../../lib/train/index.js';

// The case of overfit.test.ts and of `bench hyper-overfit`: a small model learns four recordings by
// heart.

const RATE = 8000;
const SAMPLES = 320;
/** The recordings that there are to learn from. */
const RECORDINGS = 4;

/** Targets, and the peak of the rate, high on purpose: what bad first updates break shows. */
export const overfitTargets = {
  nerf: { target: { kind: 'nerf', encoding: 6, layers: [24, 24] }, learningRate: 1e-2 },
  kan: {
    target: { kind: 'kan', encoding: 5, layers: [8, 6], grid: 6, order: 3 },
    learningRate: 2.5e-3,
  },
  siren: { target: { kind: 'siren', layers: [24, 24], omega0: 60 }, learningRate: 5e-3 },
} as const satisfies Record<string, { target: TargetOptions; learningRate: number }>;

export type OverfitTarget = keyof typeof overfitTargets;

/** A tone and a rising one, at places of their own for each recording. */
function toneAndGlide(recording: number): Float32Array {
  return Float32Array.from(
    { length: SAMPLES },
    (_, i) =>
      0.5 * Math.sin((i + 31 * recording) * (0.05 + 0.02 * recording)) +
      0.3 * Math.sin(i * i * (1e-4 + 2e-5 * recording)),
  );
}

/** Six recordings of 40 ms, four of them to learn from. */
export async function overfitCorpus(folder: string): Promise<PreparedCorpus> {
  const source = join(folder, 'source');
  await mkdir(source);
  for (let i = 0; i < 6; i++) {
    await writeWav(join(source, `${i}.wav`), createClip(toneAndGlide(i), RATE));
  }
  const out = join(folder, 'corpus');
  await prepareCorpus({
    corpus: 'folder',
    folder: source,
    out,
    sampleRate: RATE,
    skipSeconds: 0,
    segmentSamples: SAMPLES,
    validationFraction: 0.34,
    workers: 0,
  });
  return openCorpus(out);
}

/**
 * Trains a model on the recordings to learn from, all in every batch.
 *
 * @returns for each the SI-SNR of what the model makes of it, dB; null where that is a constant
 */
export async function learnByHeart(
  corpus: PreparedCorpus,
  folder: string,
  kind: OverfitTarget,
  { seed, steps, ...options }: { seed: number; steps: number } & Partial<TrainOptions>,
): Promise<(number | null)[]> {
  const { target, learningRate } = overfitTargets[kind];
  using model = new FewSound({
    target,
    samples: SAMPLES,
    encoder: { channels: 4, dimension: 8, strides: [4, 5] },
    hidden: [64, 64],
    universalKernel: 9,
    warmupEpochs: 1,
    seed,
  });
  await train(model, corpus, {
    folder,
    epochs: 1,
    samplesPerEpoch: steps * RECORDINGS,
    batchSize: RECORDINGS,
    learningRate,
    maxGradientNorm: 1,
    loss: { fftSizes: [128, 64], mels: 16 },
    augmentation: { randomStart: false, phaseMangle: 0, dequantize: false },
    validationLimit: 1,
    validationMetrics: ['mse'],
    threads: 1,
    onWarning: () => {},
    ...options,
  });
  const found: (number | null)[] = [];
  for (let i = 0; i < corpus.train.length; i++) {
    const recording = peakNormalize(await corpus.train.read(i));
    const reconstruction = scope(() =>
      noGrad(() =>
        model
          .forward(tensor(recording, { shape: [1, SAMPLES] }))
          .data('float32')
          .slice(),
      ),
    );
    found.push(siSnr(recording, reconstruction));
  }
  return found;
}
