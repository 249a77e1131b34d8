import { type Clip, createClip } from '../../lib/audio';

/** A short sound with a pitch that glides and an envelope that swells, peak 1. */
export function glide(samples = 1200, sampleRate = 8000): Clip {
  const wave = Float64Array.from({ length: samples }, (_, i) => {
    const t = i / sampleRate;
    const phase = 2 * Math.PI * (220 * t + 400 * t * t);
    return Math.sin(Math.PI * (i / samples)) * (Math.sin(phase) + 0.4 * Math.sin(2 * phase + 1));
  });
  const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return createClip(
    Float32Array.from(wave, (value) => value / peak),
    sampleRate,
  );
}

/** Options that make the steps of a test quick. */
export const quickLoss = { fftSizes: [256, 128], mels: 20 } as const;
