import { FewSoundError } from '../native/errors.js';
import type { ReportedModel, ReportedSound } from './report-input.js';
import type { TrainingReportInput } from './training-report-input.js';

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
  const { records, reconstructions, bestStep, stepsPerEpoch } = input;
  for (const { name, sampleRate, original, reconstruction } of reconstructions) {
    checkSound({ samples: original, sampleRate }, `the original of '${name}'`);
    if (!original.every(Number.isFinite)) {
      throw invalid('original', `the original of '${name}' has samples that are not finite`);
    }
    checkLength(reconstruction, original, `'${name}'`);
  }
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
