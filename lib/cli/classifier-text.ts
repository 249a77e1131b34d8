import type { WaveformClassifier } from '../nn/index.js';
import { formatMetric } from '../report/metric-names.js';
import { formatCount, formatSeconds } from '../report/numbers.js';
import { textTable } from '../report/text-table.js';
import { threads } from '../tensor/index.js';
import type {
  ClassifierValidation,
  ConfusionMatrix,
  TrainClassifierResult,
} from '../train/index.js';
import type { CommandResult } from './command-context.js';

const percent = (part: number) => `${formatMetric('accuracy', part)} %`;

/** A validation in a line. */
export function classifierValidationLine(validation: ClassifierValidation): string {
  const { epoch, accuracy, loss, best } = validation;
  return [
    `validation after epoch ${epoch}`,
    `accuracy ${percent(accuracy)}`,
    `loss ${loss.toPrecision(4)}`,
    ...(best ? ['best'] : []),
  ].join('  ');
}

/**
 * The result of a training of a classifier: for `--json`, and for people.
 *
 * @param asked threads that the training was held to; undefined: LibTorch's choice
 */
export function classifierText(
  name: string,
  model: WaveformClassifier,
  { epochs, steps, loss, best, test, recordings, seconds, files }: TrainClassifierResult,
  asked: number | undefined,
): CommandResult {
  return {
    json: {
      run: files.folder,
      name,
      model: model.kind,
      parameters: model.parameterCount,
      recordings,
      epochs,
      steps,
      loss: Number.isFinite(loss) ? loss : null,
      best,
      test,
      seconds,
      device: model.device,
      threads: asked ?? threads(),
      files: { model: files.best, test: files.test, report: files.report },
    },
    text: [
      confusionTable(test.confusion),
      '',
      `accuracy ${percent(test.accuracy)} on ${formatCount(test.recordings)} recordings that training never heard, ${percent(best.accuracy ?? 0)} on those of the validation`,
      `${formatCount(model.parameterCount)} parameters, ${formatCount(steps)} steps in ${formatCount(epochs)} epochs and ${formatSeconds(seconds)}`,
      '',
      `Run in ${files.folder}; the model is ${files.best}, the report ${files.report}`,
    ].join('\n'),
  };
}

/** Rows are true classes, columns what they were taken for. */
export function confusionTable({ labels, counts }: ConfusionMatrix): string {
  return textTable(
    [{ title: 'is \\ taken for' }, ...labels.map((title) => ({ title, align: 'right' as const }))],
    labels.map((label, row) => [label, ...(counts[row] as readonly number[]).map(String)]),
  );
}
