import { availableParallelism } from 'node:os';
import { addon } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';
import { handleOf, scope, tensor } from '../tensor/index.js';
import { Turns } from './pesq/pesq-workers.js';
import { rateOf, type Signal, signalPair } from './signal-pair.js';
import { warnOnce } from './undefined-scores.js';

export interface StoiOptions {
  /** Samples per second, a whole number of Hz from 1,000 to 384,000. Needed when neither signal is a clip. */
  sampleRate?: number;
}

/** Each has a thread of its own. */
const turns = new Turns(availableParallelism());

/**
 * Short-time objective intelligibility (Taal, Hendriks, Heusdens and Jensen, IEEE TASLP 2011): how far the envelopes of
 * 15 third-octave bands follow those of the reference, over 384 ms at a time. Computed in float64 at 10 kHz on a thread of
 * its own, as pystoi 0.4.1 computes it, resampler included: its scores to 1e-6.
 *
 * Frames of the reference more than 40 dB below the loudest are left out. Where less than 30 are left (0.4 s) there is
 * nothing to compare: the score is 1e-5, as pystoi's, with a warning of the process.
 *
 * @returns about 0 (unintelligible) to 1; null for a silent reference
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths, AUDIO_EMPTY for no samples, INVALID_ARGUMENT for NaN or
 *   infinite samples and for a rate that is missing, out of range, or not the same for both; what loading LibTorch throws
 */
export function stoi(
  reference: Signal,
  degraded: Signal,
  options: StoiOptions = {},
): Promise<number | null> {
  return intelligibility(reference, degraded, options, false);
}

/**
 * Extended STOI (Jensen and Taal, IEEE TASLP 2016), which compares the bands of a moment with each other as well, and so
 * hears noise that comes and goes. Otherwise as {@link stoi}.
 *
 * @returns about 0 to 1; null for a silent reference
 */
export function estoi(
  reference: Signal,
  degraded: Signal,
  options: StoiOptions = {},
): Promise<number | null> {
  return intelligibility(reference, degraded, options, true);
}

/** Whether there is a resampler from this rate. */
export function isStoiRate(rate: number | null): rate is number {
  return rate !== null && Number.isInteger(rate) && rate >= 1000 && rate <= 384_000;
}

async function intelligibility(
  reference: Signal,
  degraded: Signal,
  { sampleRate }: StoiOptions,
  extended: boolean,
): Promise<number | null> {
  const pair = signalPair(reference, degraded);
  const rate = rateOf(reference, degraded, sampleRate);
  if (!isStoiRate(rate)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `sampleRate is ${rate === null ? 'not given' : rate}; STOI needs the rate of the signals, a whole number of Hz from 1000 to 384000. Pass clips, or the option sampleRate.`,
      { field: 'sampleRate' },
    );
  }
  if (pair.reference.every((value) => value === 0)) return null;
  const { score, tooShort } = await turns.take(() =>
    scope(() =>
      addon().measureStoi(
        handleOf(tensor(pair.reference)),
        handleOf(tensor(pair.degraded)),
        rate,
        extended,
      ),
    ),
  );
  if (tooShort) {
    warnOnce(
      'STOI_TOO_SHORT',
      'STOI: less than 30 frames (0.4 s) of a reference are not silent; its score is 1e-5.',
    );
  }
  return score;
}
