import {
  type MetricsRecord,
  type RunFiles,
  readMetricsLog,
  type ValidationRecord,
} from '../../train/index.js';

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
  /** The validation whose model is kept. */
  readonly best: ValidationRecord | null;
  /** The last validation. */
  readonly validation: ValidationRecord | null;
  readonly warnings: readonly string[];
}

/** Whether a validation is better than the best one before it. */
export type IsBetter = (record: ValidationRecord, best: ValidationRecord | null) => boolean;

const ofLowerLoss: IsBetter = ({ loss }, best) =>
  best === null || (loss !== null && loss < (best.loss ?? Number.POSITIVE_INFINITY));

/**
 * @param isBetter the rule by which a model is kept. Default: a lower loss
 * @throws FewSoundError what `readMetricsLog` throws
 */
export async function readOutcome(
  { metrics }: RunFiles,
  isBetter = ofLowerLoss,
): Promise<TrainingOutcome> {
  const records = await readMetricsLog(metrics);
  let best: ValidationRecord | null = null;
  let validation: ValidationRecord | null = null;
  let last: MetricsRecord | undefined;
  let loss: number | null = null;
  const warnings: string[] = [];
  for (const record of records) {
    last = record;
    if (record.kind === 'step') {
      loss = record.loss;
      continue;
    }
    if (record.kind === 'warning') {
      warnings.push(record.message);
      continue;
    }
    validation = record;
    if (isBetter(record, best)) best = record;
  }
  const { step: steps = 0, epoch: epochs = 0, seconds = 0 } = last ?? {};
  return { records, steps, epochs, loss, seconds, best, validation, warnings };
}

/** A validation as results have it: where it was, its loss, and means of the metrics. */
export function validationJson(record: ValidationRecord | null): object | null {
  if (record === null) return null;
  const { kind: _, step, epoch, loss, seconds: __, ...metrics } = record;
  return { step, epoch, loss, metrics };
}
