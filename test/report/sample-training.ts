import type { ReconstructedSound, TrainingReportInput } from '../../lib/report';
import type { StepRecord, ValidationRecord } from '../../lib/train';
import { sampleSound } from './sample-report';

export const STEPS_PER_EPOCH = 50;

/** Numbers between 0 and 1 that are the same in every run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (1_664_525 * state + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/**
 * The log of a training by one cycle: a loss that falls noisily, and a validation after each epoch.
 */
export function sampleRecords(epochs: number): (StepRecord | ValidationRecord)[] {
  const random = noise(1);
  const records: (StepRecord | ValidationRecord)[] = [];
  const steps = epochs * STEPS_PER_EPOCH;
  for (let step = 1; step <= steps; step++) {
    const epoch = Math.ceil(step / STEPS_PER_EPOCH);
    const done = step / steps;
    const expected = 0.08 + 0.9 * Math.exp(-6 * done);
    const rise = Math.min(1, done / 0.3);
    const seconds = step * 0.21;
    records.push({
      kind: 'step',
      step,
      epoch,
      loss: expected * (0.75 + 0.5 * random()),
      learningRate:
        1e-4 * (done < 0.3 ? 0.04 + 0.96 * rise : Math.cos(((done - 0.3) / 0.7) * 1.57)),
      gradNorm: 4 * expected * (0.3 + 1.4 * random()),
      samplesPerSecond: 4,
      seconds,
    });
    if (step % STEPS_PER_EPOCH !== 0) continue;
    // Toward the end it gets worse again.
    const worse = Math.max(0, done - 0.8) * 0.3;
    records.push({
      kind: 'validation',
      step,
      epoch,
      loss: expected * 1.15 + worse,
      mse: 0.02 * (expected + worse) * (0.95 + 0.1 * random()),
      mae: 0.1 * expected,
      psnr: 18 - 10 * Math.log10(expected + worse),
      snr: 3 - 10 * Math.log10(expected + worse),
      siSnr: 2 - 10 * Math.log10(expected + worse),
      lsd: 1.2 + expected,
      wd: 400 * expected,
      seconds,
    });
  }
  return records;
}

export function sampleReconstruction(
  name: string,
  changes: Partial<ReconstructedSound> = {},
): ReconstructedSound {
  const { samples, sampleRate } = sampleSound(16_384);
  const random = noise(2);
  return {
    name,
    sampleRate,
    original: samples,
    reconstruction: samples.map((sample) => 0.8 * sample + 0.02 * (random() - 0.5)),
    metrics: { mse: 0.00123, psnr: 31.5, siSnr: 24.25, lsd: 1.275 },
    ...changes,
  };
}

export function sampleTraining(changes: Partial<TrainingReportInput> = {}): TrainingReportInput {
  return {
    title: 'FewSound with a KAN on VCTK',
    date: new Date('2026-01-02T03:04:05Z'),
    version: '0.1.0',
    facts: {
      Model: { encoder: 'SpectralEncoder', parameters: 12_345_678, hidden: [400, 768] },
      Target: { kind: 'kan', layers: [48, 24, 12], grid: 10, order: 2, parameters: 33_768 },
      Corpus: {
        name: 'VCTK',
        training: 43_000,
        validation: 512,
        sampleRate: 22_050,
        augment: true,
      },
      Training: { steps: 2000, batch: 16, schedule: { kind: 'one-cycle', learningRate: 1e-4 } },
      Machine: { device: 'cuda:0', threads: 2, LibTorch: '2.13.0+cpu' },
    },
    records: sampleRecords(40),
    bestStep: 32 * STEPS_PER_EPOCH,
    stepsPerEpoch: STEPS_PER_EPOCH,
    plannedSteps: 40 * STEPS_PER_EPOCH,
    reconstructions: ['p225/p225_001', 'p226/p226_017'].map((name) => sampleReconstruction(name)),
    ...changes,
  };
}
