import { FewSoundError } from '../native/errors.js';
import type { ReportedModel, ReportedSound } from './report-input.js';

/** Refuses what cannot be drawn, before anything is computed or written. */
export function checkReportInput(original: ReportedSound, models: readonly ReportedModel[]): void {
  const { samples, sampleRate } = original;
  if (samples.length === 0) throw invalid('original', 'the original has no samples to draw');
  if (!(sampleRate > 0)) {
    throw invalid(
      'sampleRate',
      `the original's sample rate is ${sampleRate}; expected hertz above 0`,
    );
  }
  if (models.length === 0) throw invalid('models', 'a comparison needs at least one model');
  for (const { kind, reconstruction } of models) {
    if (reconstruction.length !== samples.length) {
      throw invalid(
        'reconstruction',
        `the reconstruction of '${kind}' has ${reconstruction.length} samples and the original ${samples.length}; render it at the original's length`,
      );
    }
  }
}

function invalid(field: string, message: string): FewSoundError {
  return new FewSoundError('INVALID_ARGUMENT', message, { field });
}
