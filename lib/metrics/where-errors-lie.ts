import { scope, tensor } from '../tensor/index.js';
import { requireRate, type Signal, signalPair } from './signal-pair.js';

/** What a band has of a recording, and what is wrong with it; energies, amplitude² over samples. */
export interface BandError {
  /** Hz; the bands lie side by side from 0 to half the rate. */
  readonly from: number;
  readonly to: number;
  /** Of the reference. */
  readonly energy: number;
  /** Of the difference: `level + phase`. */
  readonly error: number;
  /** The part of the error that is too much or too little energy. */
  readonly level: number;
  /** The part that is energy in the wrong place. */
  readonly phase: number;
  /** How far both go together: the correlation of the band's two waveforms, -1 to 1; 0 for silence. */
  readonly correlation: number;
}

interface RateOption {
  /** Samples per second, Hz. Needed when neither signal is a clip. */
  sampleRate?: number;
}

const ANY_RATE = { lowest: 1 };

/** The highest edge of the lowest band, Hz: a sixth of an octave above 50. */
const LOWEST_EDGE = 1000 * 2 ** (-25 / 6);

/**
 * The error by third octaves about 1 kHz, the first of them with all below it. The bands are cut
 * out of the spectrum of the whole signal without overlap, so that their errors add up to that of
 * the signal (Parseval), and waveforms of a band can be compared by it.
 *
 * With A and B the root energies of a band in both and ρ its correlation, its error A² + B² - 2ρAB
 * is (A - B)², which a change of level alone would leave, and 2AB(1 - ρ), which is left where the
 * levels agree.
 *
 * @throws FewSoundError as `snr`, and INVALID_ARGUMENT for a missing or bad rate
 */
export function errorByBand(
  reference: Signal,
  degraded: Signal,
  options: RateOption = {},
): BandError[] {
  const pair = signalPair(reference, degraded);
  const rate = requireRate('errorByBand', ANY_RATE, [reference, degraded, options.sampleRate]);
  const samples = pair.reference.length;
  const [original, made] = [spectrumOf(pair.reference), spectrumOf(pair.degraded)];
  const bands: BandError[] = [];
  for (let bin = 0, from = 0; from < rate / 2; ) {
    const next = LOWEST_EDGE * 2 ** (bands.length / 3);
    // A rest of a band that the rate cuts off is part of the last.
    const to = next * 2 ** (1 / 3) > rate / 2 ? rate / 2 : next;
    let [energy, other, common] = [0, 0, 0];
    for (; 2 * bin <= samples && (bin * rate) / samples <= to; bin++) {
      // All bins but the first and that of half the rate stand for two.
      const share = (bin === 0 || 2 * bin === samples ? 1 : 2) / samples;
      for (const part of [2 * bin, 2 * bin + 1]) {
        const [x, y] = [original[part] as number, made[part] as number];
        energy += share * x * x;
        other += share * y * y;
        common += share * x * y;
      }
    }
    const both = Math.sqrt(energy * other);
    const level = (Math.sqrt(energy) - Math.sqrt(other)) ** 2;
    const phase = Math.max(0, 2 * (both - common));
    bands.push({
      ...{ from, to, energy, error: level + phase, level, phase },
      correlation: both > 0 ? common / both : 0,
    });
    from = to;
  }
  return bands;
}

/** [bins, 2] real and imaginary parts, row by row. */
function spectrumOf(samples: Float32Array): Float64Array {
  return scope(() => {
    const bins = tensor(samples, { dtype: 'float64' }).rfft();
    return bins.viewAsReal().contiguous().data('float64');
  });
}

/** A stretch of a recording, and how large the error is in it; energies, amplitude² over samples. */
export interface MomentError {
  /** Seconds from the beginning. */
  readonly from: number;
  readonly to: number;
  readonly energy: number;
  readonly error: number;
}

/**
 * The error over time, in stretches of 32 ms; a rest is part of the last.
 *
 * @throws FewSoundError as {@link errorByBand}
 */
export function errorOverTime(
  reference: Signal,
  degraded: Signal,
  options: RateOption = {},
): MomentError[] {
  const pair = signalPair(reference, degraded);
  const rate = requireRate('errorOverTime', ANY_RATE, [reference, degraded, options.sampleRate]);
  const samples = pair.reference.length;
  const length = Math.max(1, Math.round(0.032 * rate));
  return Array.from({ length: Math.max(1, Math.floor(samples / length)) }, (_, index) => {
    const begin = index * length;
    const end = begin + 2 * length > samples ? samples : begin + length;
    let [energy, error] = [0, 0];
    for (let i = begin; i < end; i++) {
      const sample = pair.reference[i] as number;
      energy += sample ** 2;
      error += ((pair.degraded[i] as number) - sample) ** 2;
    }
    return { from: begin / rate, to: end / rate, energy, error };
  });
}
