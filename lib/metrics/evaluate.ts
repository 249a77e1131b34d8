import { z } from 'zod';
import { anySampleRateField, parseOptions } from '../options.js';
import { cdpam } from './cdpam/cdpam.js';
import { mae, mse, psnr, siSnr, snr } from './distortion.js';
import { lsd } from './log-spectral-distance.js';
import { wideBandPesq } from './pesq/pesq.js';
import { rateOf, type Signal, signalPair } from './signal-pair.js';
import { estoi, isStoiRate, stoi } from './stoi.js';
import { orNull, warnOnce } from './undefined-scores.js';
import { wassersteinDistance } from './wasserstein.js';

/** Names of the metrics, in the order of tables. */
export const metricNames = [
  'mse',
  'mae',
  'psnr',
  'snr',
  'siSnr',
  'lsd',
  'wd',
  'pesq',
  'stoi',
  'estoi',
  'cdpam',
] as const;

/** A name of {@link metricNames}. */
export type MetricName = (typeof metricNames)[number];

/** A number for each metric; null where it is undefined for these signals. Never NaN or infinite. */
export type Metrics<Name extends MetricName = MetricName> = Record<Name, number | null>;

export interface EvaluateOptions<Name extends MetricName = MetricName> {
  /** Which metrics, in the order wanted. Default: all. */
  metrics?: readonly Name[];
  /** Samples per second, Hz. Needed for `lsd`, `pesq`, `stoi`, `estoi` and `cdpam` when neither signal is a clip. */
  sampleRate?: number;
}

/** CDPAM takes twice as long as the sound and more; of longer sounds it is only measured where it is called itself. */
const LONGEST_CDPAM = 30; // seconds

const optionsSchema = z.strictObject({
  metrics: z.array(z.enum(metricNames)).default([...metricNames]),
  sampleRate: anySampleRateField.optional(),
});

/**
 * Measures how far `degraded` is from `reference`. The order matters: ranges, energies and
 * projections are those of the reference.
 *
 * | name | metric | undefined (null) for |
 * | --- | --- | --- |
 * | `mse` | {@link mse} | |
 * | `mae` | {@link mae} | |
 * | `psnr` | {@link psnr}, dB | silent reference; equal signals |
 * | `snr` | {@link snr}, dB | silent reference |
 * | `siSnr` | {@link siSnr}, dB | either silent or constant |
 * | `lsd` | {@link lsd} | silent reference |
 * | `wd` | {@link wassersteinDistance} | either silent |
 * | `pesq` | {@link pesq}, wide band | no speech; less than a quarter second; not set up |
 * | `stoi` | {@link stoi} | silent reference |
 * | `estoi` | {@link estoi} | silent reference |
 * | `cdpam` | {@link cdpam} | not set up; more than 30 s |
 *
 * Signals are resampled to the rates of the last four. Those are also null at rates that are no whole number from 1,000
 * to 384,000 Hz. What is missing for `pesq` and `cdpam` until `fewsound setup pesq` or `fewsound setup cdpam` is told in a
 * warning of the process; so is a crash of PESQ's reference program, which leaves null. They are measured off the event loop.
 * Metrics named in the environment variable FEWSOUND_SKIP_METRICS, with commas between, are null as well.
 *
 * @param reference the original: a clip or [n] samples
 * @param degraded what is judged: a clip or [n] samples, of the same length and rate
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths (both are named), AUDIO_EMPTY for no
 *   samples, INVALID_ARGUMENT for NaN or infinite samples, unequal rates, an unknown metric, or
 *   `lsd` and those after `wd` without a rate; what loading LibTorch throws, for all but the first five
 */
export async function evaluate<Name extends MetricName = MetricName>(
  reference: Signal,
  degraded: Signal,
  options: EvaluateOptions<Name> = {},
): Promise<Metrics<Name>> {
  const { metrics, sampleRate } = parseOptions(optionsSchema, options, 'evaluate options');
  const { length } = signalPair(reference, degraded).reference;
  const rate = rateOf(reference, degraded, sampleRate) ?? undefined;
  const rated = rate === undefined ? {} : { sampleRate: rate };
  const isOutside = rate !== undefined && !isStoiRate(rate);
  const perceptual = (measureIt: () => Promise<number | null>) =>
    isOutside ? null : orNull(measureIt());
  const measure: Record<MetricName, () => number | null | Promise<number | null>> = {
    mse: () => mse(reference, degraded),
    mae: () => mae(reference, degraded),
    psnr: () => psnr(reference, degraded),
    snr: () => snr(reference, degraded),
    siSnr: () => siSnr(reference, degraded),
    lsd: () => lsd(reference, degraded, rated),
    wd: () => wassersteinDistance(reference, degraded),
    pesq: () => perceptual(() => wideBandPesq(reference, degraded, rate)),
    stoi: () => perceptual(() => stoi(reference, degraded, rated)),
    estoi: () => perceptual(() => estoi(reference, degraded, rated)),
    cdpam: () => {
      if (rate !== undefined && length > LONGEST_CDPAM * rate) {
        warnOnce(
          'CDPAM_TOO_LONG',
          `CDPAM is left out for sounds of more than ${LONGEST_CDPAM} s, which it takes minutes for; call cdpam() for those.`,
        );
        return null;
      }
      return perceptual(() => cdpam(reference, degraded, rated));
    },
  };
  const skipped = (process.env.FEWSOUND_SKIP_METRICS ?? '').split(',');
  const values = await Promise.all(
    metrics.map(async (name) => (skipped.includes(name) ? null : measure[name]())),
  );
  return Object.fromEntries(metrics.map((name, i) => [name, values[i]])) as Metrics<Name>;
}
