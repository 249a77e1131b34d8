import { evaluate, type MetricName, type Metrics } from '../metrics/index.js';
import type { TrainingSetup } from './train-options.js';
import type { Trainer } from './trainer.js';

/** Means over the validation part. */
export interface ValidationMeans {
  readonly loss: number;
  readonly metrics: Partial<Metrics>;
  readonly segments: number;
  /** Segments of which the model makes a constant, though they are not. */
  readonly constant: number;
}

/** Sums that several processes can add up. */
interface Tally {
  loss: number;
  segments: number;
  constant: number;
  readonly sums: Record<MetricName, number>;
  readonly counts: Record<MetricName, number>;
}

/**
 * The loss and the metrics asked for over the validation part, each segment alone, then their
 * means. Processes that train together share the segments.
 *
 * @returns null where the signal stopped it, in one process or another
 */
export async function validate(
  { validation, options, corpus, model }: TrainingSetup,
  trainer: Trainer,
  epoch: number,
): Promise<ValidationMeans | null> {
  const { group, batchSize, signal, validationMetrics: names } = options;
  const { samples } = model.options;
  const zeros = () => Object.fromEntries(names.map((name) => [name, 0])) as Tally['sums'];
  const tally: Tally = { loss: 0, segments: 0, constant: 0, sums: zeros(), counts: zeros() };
  const perBatch = batchSize * (group?.size ?? 1);
  for (let index = 0; index < validation.batchesPerEpoch(perBatch); index++) {
    const stop = signal?.aborted ?? false;
    if (group === undefined ? stop : await group.any(stop)) return null;
    const recordings = await validation.batch(0, index, perBatch);
    if (recordings.length === 0) continue;
    const factor = model.factorAt(epoch);
    const { outputs, losses, constant } = await trainer.evaluate({ recordings, factor });
    const estimates = Float32Array.from(outputs);
    // Side by side: those that hear take their time, on threads and in processes of their own.
    const measured = await Promise.all(
      Array.from(losses, (_, row) => {
        const part = [row * samples, (row + 1) * samples] as const;
        return evaluate(recordings.subarray(...part), finite(estimates.subarray(...part)), {
          metrics: names,
          sampleRate: corpus.sampleRate,
        });
      }),
    );
    for (const [row, loss] of losses.entries()) {
      tally.loss += loss;
      tally.segments += 1;
      tally.constant += constant[row] ? 1 : 0;
      for (const name of names) {
        const value = measured[row]?.[name] ?? null;
        if (value === null) continue;
        tally.sums[name] += value;
        tally.counts[name] += 1;
      }
    }
  }
  return means(
    group === undefined ? tally : await added(tally, names, (values) => group.sum(values)),
    names,
  );
}

/** What a diverged model makes is no sound; the loss says so. */
function finite(samples: Float32Array): Float32Array {
  return samples.every(Number.isFinite) ? samples : new Float32Array(samples.length);
}

async function added(
  tally: Tally,
  names: readonly MetricName[],
  sum: (values: number[]) => Promise<number[]>,
): Promise<Tally> {
  const all = await sum([
    tally.loss,
    tally.segments,
    tally.constant,
    ...names.map((name) => tally.sums[name]),
    ...names.map((name) => tally.counts[name]),
  ]);
  const named = (from: number) =>
    Object.fromEntries(names.map((name, i) => [name, all[from + i]])) as Tally['sums'];
  return {
    loss: all[0] as number,
    segments: all[1] as number,
    constant: all[2] as number,
    sums: named(3),
    counts: named(3 + names.length),
  };
}

function means(
  { loss, segments, constant, sums, counts }: Tally,
  names: readonly MetricName[],
): ValidationMeans {
  return {
    loss: loss / segments,
    metrics: Object.fromEntries(
      names.map((name) => [name, counts[name] === 0 ? null : sums[name] / counts[name]]),
    ),
    segments,
    constant,
  };
}
