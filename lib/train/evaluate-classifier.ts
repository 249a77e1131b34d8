import { ClassBatches, type LabeledClips } from '../data/index.js';
import type { Trainer } from './trainer.js';

/** How often recordings of each class were taken for each class. */
export interface ConfusionMatrix {
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** [true class][class that it was taken for] */
  readonly counts: readonly (readonly number[])[];
}

/** What a classifier makes of recordings. */
export interface ClassifierEvaluation {
  readonly recordings: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Part of the recordings that it took for what they are. */
  readonly accuracy: number;
  readonly confusion: ConfusionMatrix;
}

/** Loss and accuracy of a validation, null where they are not finite. */
interface Validated {
  readonly loss: number | null;
  readonly accuracy?: number | null;
}

/**
 * Whether a validation is better than another: of a higher accuracy, or the same and a lower loss.
 */
export function isBetterClassifier(found: Validated, than: Validated | null): boolean {
  const [accuracy, before] = [found.accuracy ?? -1, than?.accuracy ?? -1];
  const lossOf = (one: Validated | null) => one?.loss ?? Number.POSITIVE_INFINITY;
  return accuracy > before || (accuracy === before && lossOf(found) < lossOf(than));
}

/** Recordings that are heard at once where nothing is learned. */
const AT_ONCE = 64;

/**
 * Loss, accuracy and confusion matrix over some clips.
 *
 * @param members numbers of the clips, one or more
 */
export async function evaluateClassifier(
  trainer: Trainer,
  clips: LabeledClips,
  members: readonly number[],
): Promise<ClassifierEvaluation> {
  const { labels } = clips;
  const counts = labels.map(() => labels.map(() => 0));
  const batches = new ClassBatches({ clips, members });
  const batchSize = Math.min(AT_ONCE, members.length);
  let loss = 0;
  let right = 0;
  for (let index = 0; index < batches.batchesPerEpoch(batchSize); index++) {
    const classes = batches.classes(0, index, batchSize);
    const recordings = await batches.batch(0, index, batchSize);
    const { outputs: logits, losses } = await trainer.evaluate({ recordings, classes });
    for (const [row, label] of classes.entries()) {
      const of = logits.subarray(row * labels.length, (row + 1) * labels.length);
      const taken = indexOfLargest(of);
      (counts[label] as number[])[taken] = ((counts[label] as number[])[taken] as number) + 1;
      if (taken === label) right += 1;
      loss += losses[row] as number;
    }
  }
  return {
    recordings: members.length,
    loss: loss / members.length,
    accuracy: right / members.length,
    confusion: { labels, counts },
  };
}

function indexOfLargest(values: Float32Array | Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}
