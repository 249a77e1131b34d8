import {
  type MetricsRecord,
  type RunFiles,
  readMetricsLog,
  type ValidationRecord,
} from '../train/index.js';

/** What a training has come to, as its log tells. */
export interface TrainingOutcome {
  readonly records: readonly MetricsRecord[];
  /** Updates done. */
  readonly steps: number;
  readonly epochs: number;
  /** Of the last batch. */
  readonly loss: number | null;
  /** Of training, interruptions left out. */
  readonly seconds: number;
  /** The validation with the lowest loss, whose model is kept. */
  readonly best: ValidationRecord | null;
  /** The last validation. */
  readonly validation: ValidationRecord | null;
}

/** @throws FewSoundError what `readMetricsLog` throws */
export async function readOutcome({ metrics }: RunFiles): Promise<TrainingOutcome> {
  const records = await readMetricsLog(metrics);
  let best: ValidationRecord | null = null;
  let validation: ValidationRecord | null = null;
  let last: MetricsRecord | undefined;
  let loss: number | null = null;
  for (const record of records) {
    last = record;
    if (record.kind === 'step') {
      loss = record.loss;
      continue;
    }
    validation = record;
    const lowest = best?.loss ?? Number.POSITIVE_INFINITY;
    if (best === null || (record.loss !== null && record.loss < lowest)) best = record;
  }
  const { step: steps = 0, epoch: epochs = 0, seconds = 0 } = last ?? {};
  return { records, steps, epochs, loss, seconds, best, validation };
}

/** A validation as results have it: where it was, its loss, and means of the metrics. */
export function validationJson(record: ValidationRecord | null): object | null {
  if (record === null) return null;
  const { kind: _, step, epoch, loss, seconds: __, ...metrics } = record;
  return { step, epoch, loss, metrics };
}
