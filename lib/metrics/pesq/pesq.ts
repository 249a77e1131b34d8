import { z } from 'zod';
import { FewSoundError } from '../../errors.js';
import { anySampleRateField, parseOptions } from '../../options.js';
import { defineMetric } from '../metric.js';
import {
  AUDIBLE_RATES,
  rateOf,
  requireRate,
  type Signal,
  type SignalPair,
  signalPair,
} from '../signal-pair.js';
import { isPesqSetUp, pesqLibraryPath } from './pesq-package.js';
import { measureInWorker } from './pesq-workers.js';

export interface PesqOptions {
  /** Samples per second, 8000 or 16000 Hz. Needed when neither signal is a clip. */
  sampleRate?: number;
  /**
   * Wide band (P.862.2, at 16,000 Hz only) or narrow band (P.862 with the mapping of P.862.1).
   * Default: wide band at 16,000 Hz, narrow band at 8,000.
   */
  band?: 'wide' | 'narrow';
}

const optionsSchema = z.strictObject({
  sampleRate: anySampleRateField.optional(),
  band: z.enum(['wide', 'narrow']).optional(),
});

/** The rate that wide band needs, Hz. */
const WIDE_RATE = 16_000;

/** What the reference says, by its codes. */
const TOO_SHORT = -6;
const NO_UTTERANCE = -7;

/**
 * Perceptual evaluation of speech quality: ITU-T P.862 (2001) with the mapping of P.862.1 in narrow
 * band, P.862.2 (2005) in wide band, MOS-LQO. It is computed by the reference program itself, as
 * the Python package `pesq` 0.0.4 brings it, which `fewsound setup pesq` fetches and compiles;
 * docs/metrics.md says under which notice. Its scores are that package's. A later corrigendum of
 * the recommendation (P.862 Corrigendum 2, 2018) gives other wide-band scores, which are not
 * comparable with these.
 *
 * The program runs in its own process with a time limit; several pairs are measured side by
 * side.
 *
 * @returns 1.02 (bad) to 4.644 in wide band, 4.549 in narrow band
 * @throws FewSoundError NOT_SET_UP before `fewsound setup pesq`; NO_UTTERANCE where no speech is
 *   found in either signal, or one is silent; AUDIO_TOO_SHORT below a quarter second; WORKER where
 *   the program crashes or runs past its limit; INVALID_ARGUMENT for NaN or infinite samples, a
 *   rate that is missing, not the same for both or neither 8000 nor 16000 Hz, and for wide band at
 *   8000 Hz; SHAPE_MISMATCH for unequal lengths, AUDIO_EMPTY for no samples
 */
export async function pesq(
  reference: Signal,
  degraded: Signal,
  options: PesqOptions = {},
): Promise<number> {
  const { sampleRate, band } = parseOptions(optionsSchema, options, 'pesq options');
  const pair = signalPair(reference, degraded);
  const rate = rateOf(reference, degraded, sampleRate);
  if (rate !== 8000 && rate !== WIDE_RATE) {
    throw noRate(rate);
  }
  const isWide = (band ?? (rate === WIDE_RATE ? 'wide' : 'narrow')) === 'wide';
  if (isWide && rate !== WIDE_RATE) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      "band is 'wide', which PESQ has at 16000 Hz only; the signals are at 8000 Hz.",
      { field: 'band' },
    );
  }
  return measure(pair, { rate, measuredAt: rate, wideBand: isWide });
}

export const pesqMetric = defineMetric({
  name: 'pesq',
  title: 'PESQ',
  better: 'higher',
  meaning: 'perceived speech quality, wide band (P.862.2 of 2005), 1.02 to 4.64',
  undefinedWhen: 'no speech was found',
  paperColumn: 5,
  inReports: { rank: 5, figure: true, curve: 'linear' },
  needs: {
    sampleRates: AUDIBLE_RATES,
    setup: { name: 'pesq', isDone: isPesqSetUp },
    worker: 'process',
  },
  measure: wideBandPesq,
});

/** The wide-band score of signals of any rate, resampled to 16,000 Hz. Errors as {@link pesq}. */
async function wideBandPesq(
  reference: Signal,
  degraded: Signal,
  { sampleRate }: PesqOptions,
): Promise<number> {
  const rate = requireRate('PESQ', AUDIBLE_RATES, [reference, degraded, sampleRate]);
  const pair = signalPair(reference, degraded);
  return measure(pair, { rate, measuredAt: WIDE_RATE, wideBand: true });
}

async function measure(
  pair: SignalPair,
  { rate, measuredAt, wideBand }: { rate: number; measuredAt: number; wideBand: boolean },
): Promise<number> {
  requireSetUp();
  if (pair.reference.length * 4 < rate) throw tooShort(pair.reference.length / rate);
  for (const [name, signal] of Object.entries(pair)) {
    if (signal.every((value: number) => value === 0)) {
      throw noUtterance(`the ${name === 'reference' ? 'reference' : 'degraded signal'} is silent`);
    }
  }
  const answer = await measureInWorker({
    ...pair,
    ...{ library: pesqLibraryPath(), sampleRate: rate, measuredAt, wideBand },
    // A thousand times what it takes; a hang is what it is for.
    seconds: Math.ceil(30 + pair.reference.length / rate),
  });
  if ('failure' in answer) {
    throw new FewSoundError(
      'WORKER',
      `PESQ's library cannot be used: ${answer.failure}. Run \`npx fewsound setup pesq --force\` to compile it again.`,
    );
  }
  if (answer.error === TOO_SHORT) throw tooShort(pair.reference.length / rate);
  if (answer.error === NO_UTTERANCE) throw noUtterance('no speech was found in them');
  if (answer.error !== 0 || !Number.isFinite(answer.score)) {
    throw new FewSoundError(
      'WORKER',
      `PESQ's reference program gave no score for these signals (error ${answer.error}).`,
    );
  }
  return answer.score;
}

function noRate(rate: number | null): FewSoundError {
  return new FewSoundError(
    'INVALID_ARGUMENT',
    `sampleRate is ${rate === null ? 'not given' : rate}; PESQ is defined at 8000 and 16000 Hz. Resample both signals, or let \`evaluate\` do it.`,
    { field: 'sampleRate' },
  );
}

function requireSetUp(): void {
  if (isPesqSetUp()) return;
  throw new FewSoundError(
    'NOT_SET_UP',
    'PESQ is not set up here. Run `npx fewsound setup pesq`, which fetches the reference program with pip and compiles it.',
  );
}

function tooShort(seconds: number): FewSoundError {
  return new FewSoundError(
    'AUDIO_TOO_SHORT',
    `the signals last ${seconds.toFixed(3)} s; PESQ needs a quarter of a second.`,
  );
}

function noUtterance(why: string): FewSoundError {
  return new FewSoundError('NO_UTTERANCE', `PESQ has no score for these signals: ${why}.`);
}
