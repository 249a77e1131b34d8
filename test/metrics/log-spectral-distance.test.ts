import { createClip } from '../../lib/audio';
import { lsd } from '../../lib/metrics';
import { noise } from './noise';

const sampleRate = 2205; // 102-point spectra, hop 22
const reference = Float32Array.from(noise(400, 1));

describe('lsd', () => {
  it('is the definition, by a plain Fourier sum', () => {
    const degraded = reference.map((value, i) => 0.5 * value + 0.1 * Math.sin(i));
    expect(lsd(reference, degraded, { sampleRate })).toBeCloseTo(bySum(reference, degraded), 9);
  });

  // A transform in float32 has as much noise there, and 1e-3 to 1e-1 of a difference.
  it('is the definition where bands hold nothing but the rounding of the samples', () => {
    const tones = (level: number) =>
      Float32Array.from({ length: 2000 }, (_, i) => level * Math.sin(0.3 * i) + Math.sin(0.05 * i));
    const [full, less] = [tones(1), tones(0.9)];
    expect(lsd(full, less, { sampleRate })).toBeCloseTo(bySum(full, less), 6);
  });

  it('is zero for equal signals', () => {
    expect(lsd(reference, reference, { sampleRate })).toBeCloseTo(0, 9);
  });

  it('is twice the level in powers of ten', () => {
    for (const power of [-2, -1, 1]) {
      const degraded = reference.map((value) => value * 10 ** power);
      expect(lsd(reference, degraded, { sampleRate })).toBeCloseTo(2 * Math.abs(power), 6);
    }
  });

  it('counts 12 for a frame where both are digital silence', () => {
    // 50 frames of 22; the window reaches 51 samples to each side, so the tail is silent frames.
    const padded = new Float32Array(22 * 49);
    padded.set(reference.subarray(0, 22 * 10));
    const silentFrames = 50 - Math.ceil((220 + 51) / 22);
    expect(lsd(padded, padded, { sampleRate })).toBeCloseTo((12 * silentFrames) / 50, 9);
  });

  it('is not symmetric', () => {
    const quiet = reference.map((value, i) => (i < 200 ? value : 0));
    const forth = lsd(reference, quiet, { sampleRate }) as number;
    const back = lsd(quiet, reference, { sampleRate }) as number;
    expect(forth).toBeGreaterThan(back * 1.5);
  });

  it('is undefined for a silent reference only', () => {
    const silence = new Float32Array(400);
    expect(lsd(silence, reference, { sampleRate })).toBeNull();
    expect(lsd(reference, silence, { sampleRate })).toBeGreaterThan(20);
  });

  it('takes signals shorter than its window, one sample at least', () => {
    expect(lsd(createClip([0.5], 48_000), createClip([0.05], 48_000))).toBeCloseTo(2, 6);
  });
});

/** The definition in float64, without a fast transform. */
function bySum(target: Float32Array, estimate: Float32Array): number {
  const [size, hop] = [102, 22];
  const frames = 1 + Math.floor(target.length / hop);
  let total = 0;
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0;
    for (let bin = 0; bin <= size / 2; bin++) {
      const t = magnitude(target, frame * hop - size / 2, size, bin);
      const p = magnitude(estimate, frame * hop - size / 2, size, bin);
      sum += Math.log10(t ** 2 / (p + 1e-12) ** 2 + 1e-12) ** 2;
    }
    total += Math.sqrt(sum / (size / 2 + 1));
  }
  return total / frames;
}

function magnitude(samples: Float32Array, start: number, size: number, bin: number): number {
  let [real, imaginary] = [0, 0];
  for (let i = 0; i < size; i++) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);
    const value = window * (samples[start + i] ?? 0);
    real += value * Math.cos((2 * Math.PI * bin * i) / size);
    imaginary -= value * Math.sin((2 * Math.PI * bin * i) / size);
  }
  return Math.hypot(real, imaginary);
}
