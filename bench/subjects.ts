import { type Clip, createClip } from '../lib/audio/index.js';
import { createInr, type Inr, type InrKind } from '../lib/nn/index.js';

/**
 * A second and a half of a sound with speech-like harmonics: benchmarks of time need no recording.
 */
export function benchmarkClip(samples = 32_768, sampleRate = 22_050): Clip {
  const wave = Float32Array.from({ length: samples }, (_, i) => {
    const t = i / sampleRate;
    const pitch = 120 + 30 * Math.sin(2 * Math.PI * 2 * t);
    let sum = 0;
    for (let k = 1; k <= 20; k++) sum += Math.sin(2 * Math.PI * pitch * k * t) / k;
    return 0.3 * sum * Math.sin(Math.PI * (i / samples)) ** 2;
  });
  return createClip(wave, sampleRate);
}

/** Each as in paper 1's Table 1: the KAN of 33,768 parameters. */
export function benchmarkNetwork(kind: InrKind): Inr {
  return createInr(kind, { ...(kind === 'kan' ? { order: 2 } : {}), seed: 1 });
}
