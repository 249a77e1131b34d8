import { z } from 'zod';
import { type ErrorCode, FewSoundError } from '../errors.js';
import { anySampleRateField, parseOptions } from '../options.js';
import type { Metric } from './metric.js';
import {
  isSkipped,
  type MetricName,
  type Metrics,
  metricNames,
  metrics as registry,
} from './registry.js';
import { accepts, rateOf, type Signal, signalPair } from './signal-pair.js';
import { warnOnce } from './warn-once.js';

export interface EvaluateOptions<Name extends MetricName = MetricName> {
  /** Which metrics, in the order wanted. Default: all. */
  metrics?: readonly Name[];
  /** Samples per second, Hz. Needed for `lsd` and for metrics of perception without a clip. */
  sampleRate?: number;
}

const optionsSchema = z.strictObject({
  metrics: z.array(z.enum(metricNames)).default([...metricNames]),
  sampleRate: anySampleRateField.optional(),
});

/**
 * Measures how far `degraded` is from `reference`. The order matters: ranges, energies and
 * projections are those of the reference.
 *
 * `describeMetric(name)` says what a metric means and when it is undefined, which gives null.
 * Metrics of perception resample the signals to their rates and run off the event loop. They are
 * also null at rates that are not whole numbers from 1,000 to 384,000 Hz, and where they fail: a
 * warning of the process names what is missing until `fewsound setup pesq` or `fewsound setup
 * cdpam`, and a crash of PESQ's reference program. Sounds of more than 30 s have no CDPAM. Metrics
 * named in the environment variable FEWSOUND_SKIP_METRICS, separated by commas, are null as well.
 *
 * @param reference the original: a clip or [n] samples
 * @param degraded what is judged: a clip or [n] samples, of the same length and rate
 * @throws FewSoundError SHAPE_MISMATCH for unequal lengths (both are named), AUDIO_EMPTY for no
 *   samples, INVALID_ARGUMENT for NaN or infinite samples, unequal rates, an unknown metric, or a
 *   metric that needs a rate without one; what loading LibTorch throws, for metrics that need it
 */
export async function evaluate<Name extends MetricName = MetricName>(
  reference: Signal,
  degraded: Signal,
  options: EvaluateOptions<Name> = {},
): Promise<Metrics<Name>> {
  const { metrics: names, sampleRate } = parseOptions(optionsSchema, options, 'evaluate options');
  const { length } = signalPair(reference, degraded).reference;
  const rate = rateOf(reference, degraded, sampleRate) ?? undefined;
  const values = await Promise.all(
    names.map(async (name) => {
      const metric = registry.find((each) => each.name === name) as Metric;
      if (isSkipped(name) || isOutside(metric, rate, length)) return null;
      const score = metric.measure(reference, degraded, { sampleRate: rate });
      return metric.needs?.worker === undefined ? score : orNull(score);
    }),
  );
  return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Metrics<Name>;
}

/** Whether a metric that runs off the event loop does not take sounds of this rate and length. */
function isOutside({ title, name, needs }: Metric, rate: number | undefined, length: number) {
  if (needs?.worker === undefined || rate === undefined) return false;
  const { longest, sampleRates } = needs;
  if (longest !== undefined && length > longest * rate) {
    warnOnce(
      `${title}_TOO_LONG`,
      `${title} is left out for sounds of more than ${longest} s, which it takes minutes for; call ${name}() for those.`,
    );
    return true;
  }
  return sampleRates !== undefined && !accepts(sampleRates, rate);
}

/** The signals have no score, by the definition of the metric. */
const UNDEFINED: readonly ErrorCode[] = ['NO_UTTERANCE', 'AUDIO_TOO_SHORT'];
/** Something is missing or broke, which should not cost the other columns of a table. */
const MISSING: readonly ErrorCode[] = ['NOT_SET_UP', 'WORKER'];

/**
 * A score, or null where there is none, with a warning where the user can do something about it.
 */
async function orNull(score: ReturnType<Metric['measure']>): Promise<number | null> {
  try {
    return await score;
  } catch (error) {
    if (!(error instanceof FewSoundError)) throw error;
    if (UNDEFINED.includes(error.code)) return null;
    if (!MISSING.includes(error.code)) throw error;
    warnOnce(error.code, error.message);
    return null;
  }
}
