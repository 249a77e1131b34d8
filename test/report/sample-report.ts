import type { FitConditions, FittedNetwork, SampledSound } from '../../lib/report';

const SAMPLE_RATE = 22_050;

/** Two gliding tones and a pause: something to see in every plot. */
export function sampleSound(samples = 8192): SampledSound {
  return {
    samples: Float32Array.from({ length: samples }, (_, index) => {
      const t = index / SAMPLE_RATE;
      const swell = Math.max(0, Math.sin((3 * Math.PI * index) / samples));
      return swell * (0.6 * Math.sin(2000 * t + 9000 * t * t) + 0.3 * Math.sin(14_000 * t));
    }),
    sampleRate: SAMPLE_RATE,
    source: '/recordings/glide.wav',
  };
}

/** A model that reproduces the sound at a lower level. */
export function sampleModel(
  sound: SampledSound,
  changes: Partial<FittedNetwork> = {},
): FittedNetwork {
  return {
    kind: 'kan',
    parameters: 46_704,
    options: { layers: [48, 24, 12], grid: 10, order: 3, scaleSpline: true },
    reconstruction: sound.samples.map((sample) => 0.8 * sample),
    metrics: { mse: 0.00123, psnr: 31.5, snr: 13.98, siSnr: 24.25, lsd: 1.275, wd: 79.7 },
    losses: Float64Array.from({ length: 200 }, (_, step) => 0.6 * Math.exp(-step / 40) + 0.05),
    siSnr: Array.from({ length: 20 }, (_, index) => ({ step: 10 * index + 1, siSnr: index - 2 })),
    steps: 200,
    seconds: 12.5,
    secondsPerStep: 0.0625,
    ...changes,
  };
}

export const sampleRun: FitConditions = {
  date: new Date('2026-01-02T03:04:05Z'),
  device: 'cpu',
  threads: 2,
  training: { steps: 200, learningRate: 0.005, loss: { time: 1, mel: 1 } },
  versions: { fewsound: '0.1.0', LibTorch: '2.13.0+cpu' },
};
