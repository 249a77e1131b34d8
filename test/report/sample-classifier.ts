import type { ClassifierReportInput, EpochGeometry } from '../../lib/report';
import type { ConfusionMatrix, StepRecord, ValidationRecord } from '../../lib/train';
import { sampleLayer } from './sample-analysis';
import { STEPS_PER_EPOCH, sampleRecords } from './sample-training';

/**
 * The log of the training of a classifier: its validations have an accuracy and no metrics of
 * sound.
 */
export function classifierRecords(epochs: number): (StepRecord | ValidationRecord)[] {
  return sampleRecords(epochs).map((record) => {
    if (record.kind === 'step') return record;
    const { kind, step, epoch, loss, seconds } = record;
    return { kind, step, epoch, loss, seconds, accuracy: 1 - (loss as number) / 2 };
  });
}

/** Classes of which most recordings are taken for what they are, some for the next class. */
export function sampleConfusion(labels: readonly string[]): ConfusionMatrix {
  const next = (row: number) => (row + 1) % labels.length;
  const counts = labels.map((_, row) =>
    labels.map((_label, column) => (column === row ? 9 : column === next(row) ? 1 + (row % 2) : 0)),
  );
  return { labels, counts };
}

export function sampleTest(
  labels: readonly string[] = ['high', 'low', 'middle'],
  changes: Partial<NonNullable<ClassifierReportInput['test']>> = {},
): NonNullable<ClassifierReportInput['test']> {
  const confusion = sampleConfusion(labels);
  const recordings = confusion.counts.flat().reduce((sum, count) => sum + count, 0);
  const accuracy = (9 * labels.length) / recordings;
  return { recordings, loss: 0.4321, accuracy, confusion, ...changes };
}

/** Layers whose figures change a little with every epoch. */
export function sampleGeometry(
  epochs: readonly number[],
  names: readonly string[] = ['I', 'II', 'III'],
): EpochGeometry[] {
  return epochs.map((epoch) => ({
    epoch,
    layers: names.map((name) =>
      sampleLayer(name, { muAvg: 0.3 + epoch / 1000, betaAvg: 72.0779 - epoch / 100 }),
    ),
  }));
}

export function sampleClassifier(
  changes: Partial<ClassifierReportInput> = {},
): ClassifierReportInput {
  return {
    title: 'A CNN on digits',
    date: new Date('2026-01-02T03:04:05Z'),
    version: '0.1.0',
    facts: {
      Model: { kind: 'segmental-cnn', parameters: 20_584_854 },
      Training: { epochs: 10, schedule: { kind: 'cosine' } },
      Machine: { device: 'cpu', threads: 2 },
    },
    records: classifierRecords(10),
    bestStep: 8 * STEPS_PER_EPOCH,
    stepsPerEpoch: STEPS_PER_EPOCH,
    plannedSteps: 10 * STEPS_PER_EPOCH,
    test: sampleTest(),
    geometry: sampleGeometry([0, 1, 2, 5, 10]),
    ...changes,
  };
}
