import { FewSoundError } from '../errors.js';
import type {
  ClassifierReportInput,
  ReportedModel,
  ReportedSound,
  ReportedTraining,
  TrainingReportInput,
} from './types.js';

/** Refuses what cannot be drawn, before anything is computed or written. */
export function checkReportInput(original: ReportedSound, models: readonly ReportedModel[]): void {
  checkSound(original, 'the original');
  if (models.length === 0) throw invalid('models', 'a comparison needs at least one model');
  for (const { kind, reconstruction } of models) {
    checkLength(reconstruction, original.samples, `'${kind}'`);
  }
}

/** The same for the report of a training. */
export function checkTrainingReportInput(input: TrainingReportInput): void {
  for (const { name, sampleRate, original, reconstruction } of input.reconstructions) {
    checkSound({ samples: original, sampleRate }, `the original of '${name}'`);
    if (!original.every(Number.isFinite)) {
      throw invalid('original', `the original of '${name}' has samples that are not finite`);
    }
    checkLength(reconstruction, original, `'${name}'`);
  }
  checkTraining(input);
}

/** The same for the report of the training of a classifier. */
export function checkClassifierReportInput(input: ClassifierReportInput): void {
  checkTraining(input);
  const { test, geometry = [] } = input;
  if (test !== undefined) {
    const { labels, counts } = test.confusion;
    const classes = labels.length;
    const square = counts.length === classes && counts.every(({ length }) => length === classes);
    if (classes === 0 || !square) {
      throw invalid(
        'confusion',
        `the confusion matrix has ${counts.length} rows of ${counts[0]?.length ?? 0} numbers for ${classes} classes; expected one number for each pair of classes`,
      );
    }
    const bad = counts.flat().find((count) => !(Number.isInteger(count) && count >= 0));
    if (bad !== undefined) {
      throw invalid(
        'confusion',
        `the confusion matrix has the number ${bad}; expected whole numbers, 0 or more`,
      );
    }
  }
  for (const [index, { epoch }] of geometry.entries()) {
    const before = geometry[index - 1]?.epoch ?? -1;
    if (Number.isInteger(epoch) && epoch > before) continue;
    throw invalid(
      'geometry',
      `geometry has epoch ${epoch} after ${before}; expected whole numbers from 0 in their order`,
    );
  }
}

function checkTraining({ records, bestStep, stepsPerEpoch }: ReportedTraining): void {
  if (stepsPerEpoch !== undefined && !(stepsPerEpoch > 0 && Number.isFinite(stepsPerEpoch))) {
    throw invalid('stepsPerEpoch', `stepsPerEpoch is ${stepsPerEpoch}; expected a number above 0`);
  }
  if (bestStep === undefined) return;
  if (!records.some(({ kind, step }) => kind === 'validation' && step === bestStep)) {
    throw invalid(
      'bestStep',
      `bestStep is ${bestStep}, where the records have no validation; give the step of one of them`,
    );
  }
}

function checkSound({ samples, sampleRate }: ReportedSound, what: string): void {
  if (samples.length === 0) throw invalid('original', `${what} has no samples to draw`);
  if (!(sampleRate > 0)) {
    throw invalid(
      'sampleRate',
      `the sample rate of ${what} is ${sampleRate}; expected hertz above 0`,
    );
  }
}

function checkLength(reconstruction: Float32Array, original: Float32Array, of: string): void {
  if (reconstruction.length === original.length) return;
  throw invalid(
    'reconstruction',
    `the reconstruction of ${of} has ${reconstruction.length} samples and the original ${original.length}; render it at the original's length`,
  );
}

function invalid(field: string, message: string): FewSoundError {
  return new FewSoundError('INVALID_ARGUMENT', message, { field });
}
