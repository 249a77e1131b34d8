import { availableParallelism } from 'node:os';
import { addon } from '../addon/addon.js';
import { scope, tensor } from '../tensor/index.js';
import { handleOf } from '../tensor/tensor.js';
import { defineMetric, type MetricNeeds } from './metric.js';
import { AUDIBLE_RATES, requireRate, type Signal, signalPair } from './signal-pair.js';
import { Turns } from './turns.js';
import { warnOnce } from './warn-once.js';

export interface StoiOptions {
  /**
   * Samples per second, a whole number of Hz from 1,000 to 384,000. Needed when neither signal is a
   * clip.
   */
  sampleRate?: number;
}

/** Each measurement runs on its own thread. */
const turns = new Turns(availableParallelism());

const needs: MetricNeeds = { addon: true, sampleRates: AUDIBLE_RATES, worker: 'thread' };

/**
 * Short-time objective intelligibility (Taal, Hendriks, Heusdens and Jensen, IEEE TASLP 2011): how
 * far the envelopes of 15 third-octave bands follow those of the reference, over 384 ms at a time.
 * Computed in float64 at 10 kHz on a thread of its own, as pystoi 0.4.1 computes it, resampler
 * included: its scores to 1e-9.
 *
 * Frames of the reference more than 40 dB below the loudest are left out. Where less than 30 are
 * left (0.4 s) there is nothing to compare: the score is 1e-5, as pystoi's, with a warning of the
 * process.
 *
 * @returns about 0 (unintelligible) to 1; null for a silent reference
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths, AUDIO_EMPTY for no samples,
 *   INVALID_ARGUMENT for NaN or infinite samples and for a rate that is missing, out of range, or
 *   not the same for both; what loading LibTorch throws
 */
export function stoi(
  reference: Signal,
  degraded: Signal,
  options: StoiOptions = {},
): Promise<number | null> {
  return intelligibility(reference, degraded, options, false);
}

export const stoiMetric = defineMetric({
  name: 'stoi',
  title: 'STOI',
  better: 'higher',
  meaning: 'short-time intelligibility, 0 to 1',
  undefinedWhen: 'the original is silent',
  paperColumn: 6,
  inReports: { rank: 6, figure: true, curve: 'linear' },
  needs,
  measure: stoi,
});

/**
 * Extended STOI (Jensen and Taal, IEEE TASLP 2016), which compares the bands of a moment with each
 * other as well, and so notices noise that comes and goes. Otherwise as {@link stoi}.
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

export const estoiMetric = defineMetric({
  name: 'estoi',
  title: 'ESTOI',
  better: 'higher',
  meaning: 'extended short-time intelligibility, 0 to 1',
  undefinedWhen: 'the original is silent',
  needs,
  measure: estoi,
});

async function intelligibility(
  reference: Signal,
  degraded: Signal,
  { sampleRate }: StoiOptions,
  extended: boolean,
): Promise<number | null> {
  const pair = signalPair(reference, degraded);
  const rate = requireRate('STOI', AUDIBLE_RATES, [reference, degraded, sampleRate]);
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
