import { z } from 'zod';
import type { Clip } from '../audio/index.js';
import { invalidArgument } from '../errors.js';
import { optionsObject, parseOptions, positiveNumber, wholeNumber } from '../options.js';
import { scope, tensor } from '../tensor/index.js';

/** Frequencies of a positional encoding by a rule. */
export type FrequencyRule =
  | {
      /** 1, 2, 4, ... cycles over the recording, as in the FewSound paper. */
      kind: 'octaves';
      /** How many, 1 to 64. */
      count: number;
    }
  | {
      /** In equal ratios, or at equal distances. */
      kind: 'geometric' | 'linear';
      /** The lowest, above 0. */
      from: number;
      /** The highest. */
      to: number;
      /** How many, 1 to 64; one alone is the lowest. */
      count: number;
      /** Of `from` and `to`: cycles over the whole recording, or hertz. Default 'cycles'. */
      unit?: 'cycles' | 'Hz';
    }
  | {
      /**
       * In equal ratios from 1 to a quarter of the samples, which is half of what samples can hold;
       * to all of that, half of the samples, where most of the recording's energy lies above the
       * quarter, as with birds.
       */
      kind: 'band';
      /** How many, 1 to 64. */
      count: number;
    }
  | {
      /**
       * Where the recording has its energy: the quantiles (i + 1/2) / count of its spectrum, as much
       * energy between each and the next.
       */
      kind: 'quantiles';
      /** How many, 1 to 64. */
      count: number;
      /**
       * The power of the spectrum's magnitudes that is counted: 2 is their energy, and below it
       * quiet parts count more. Above 0. Default 2.
       */
      power?: number;
    };

/** A rule, or the frequencies themselves, cycles over the whole recording. */
export type EncodingFrequencies = readonly number[] | FrequencyRule;

const count = wholeNumber(1, 64);
const ends = { from: positiveNumber, to: positiveNumber };
const unit = z.enum(['cycles', 'Hz'], { error: "Expected 'cycles' or 'Hz'" }).default('cycles');
const ruleSchema = z.discriminatedUnion(
  'kind',
  [
    optionsObject({ kind: z.literal('octaves'), count }),
    optionsObject({ kind: z.literal('geometric'), ...ends, count, unit }),
    optionsObject({ kind: z.literal('linear'), ...ends, count, unit }),
    optionsObject({ kind: z.literal('band'), count }),
    optionsObject({ kind: z.literal('quantiles'), count, power: positiveNumber.default(2) }),
  ],
  {
    error:
      "Expected an array of frequencies, or an object with 'octaves', 'geometric', 'linear', 'band' or 'quantiles' as kind",
  },
);

/**
 * The frequencies of an encoding as networks take them (`encodingFrequencies`): a list that no
 * longer depends on where they are from, and goes into model files as it is.
 *
 * @param choice a list is returned as it is, for the network to judge
 * @param clip what is to be learned; rules in hertz, bands and quantiles are of it
 * @param samples that one network learns, where it is not the whole clip
 * @returns cycles over those samples, ascending
 * @throws FewSoundError INVALID_ARGUMENT for a bad rule, and for quantiles of silence
 */
export function encodingFrequencies(
  choice: EncodingFrequencies,
  clip: Pick<Clip, 'samples' | 'sampleRate'>,
  samples: number = clip.samples.length,
): number[] {
  if (Array.isArray(choice)) return [...choice];
  const rule = parseOptions(ruleSchema, choice, 'encodingFrequencies');
  // The time axis reaches from the first sample to the last.
  const cyclesPerHertz = (samples - 1) / clip.sampleRate;
  switch (rule.kind) {
    case 'octaves':
      return Array.from({ length: rule.count }, (_, index) => 2 ** index);
    case 'band':
      return inEqualRatios(1, Math.max(2, bandOf(clip) * samples), rule.count);
    case 'quantiles':
      return spectrumQuantiles(clip, rule).map((hertz) => hertz * cyclesPerHertz);
    default: {
      const { kind, from, to } = rule;
      const scale = rule.unit === 'Hz' ? cyclesPerHertz : 1;
      if (kind === 'geometric') return inEqualRatios(scale * from, scale * to, rule.count);
      return row(rule.count, (way) => scale * (from + (to - from) * way));
    }
  }
}

/** So many values of a function, from 0 to 1 at equal distances; one alone is at 0. */
const row = (count: number, at: (way: number) => number): number[] =>
  Array.from({ length: count }, (_, index) => at(index / Math.max(1, count - 1)));

const inEqualRatios = (from: number, to: number, count: number): number[] =>
  row(count, (way) => from * (to / from) ** way);

/** Where the frequencies of a recording are to end, in cycles a sample. */
function bandOf({ samples }: Pick<Clip, 'samples'>): number {
  const energies = spectrum(samples, 2);
  const quarter = Math.ceil(samples.length / 4);
  const above = energies.subarray(quarter).reduce((sum, energy) => sum + energy, 0);
  return above > energies.subarray(0, quarter).reduce((sum, energy) => sum + energy, 0)
    ? 0.5
    : 0.25;
}

/** The magnitudes of a spectrum to a power, up to half of the rate, without an offset. */
function spectrum(samples: Float32Array, power: number): Float64Array {
  const magnitudes = scope(() =>
    tensor(samples, { dtype: 'float64' }).rfft().abs().pow(power).data('float64'),
  );
  // An offset is no sound.
  magnitudes[0] = 0;
  return magnitudes;
}

/** Hz, ascending and above 0. */
function spectrumQuantiles(
  { samples, sampleRate }: Pick<Clip, 'samples' | 'sampleRate'>,
  { count, power }: { count: number; power: number },
): number[] {
  const weights = spectrum(samples, power);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) {
    throw invalidArgument(
      'encodingFrequencies',
      'encodingFrequencies: the recording is silent, so its spectrum has no quantiles. Give frequencies, or another rule.',
    );
  }
  const found: number[] = [];
  let below = 0;
  for (const [bin, weight] of weights.entries()) {
    // Between the bins, so that quantiles of one narrow peak stay apart.
    for (let next = quantile(); next !== undefined && next <= below + weight; next = quantile()) {
      const within = weight > 0 ? (next - below) / weight : 0;
      found.push(((bin - 0.5 + within) * sampleRate) / samples.length);
    }
    below += weight;
  }
  return found;

  function quantile(): number | undefined {
    return found.length < count ? (total * (found.length + 0.5)) / count : undefined;
  }
}
