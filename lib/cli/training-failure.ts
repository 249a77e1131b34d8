import { FewSoundError } from '../native/errors.js';
import { formatCount } from '../report/numbers.js';
import type { RunFiles } from '../train/index.js';
import { howToGoOn, type TrainingCommand } from './training-folder.js';
import { readOutcome } from './training-outcome.js';

/**
 * What to say of a training that was stopped or diverged, its report written before it; other errors as they are.
 *
 * @param writeReport writes report.html of what there is
 */
export async function afterTrainingFailure(
  error: unknown,
  files: RunFiles,
  command: TrainingCommand,
  writeReport: () => Promise<unknown>,
): Promise<unknown> {
  if (!(error instanceof FewSoundError)) return error;
  const { code } = error;
  if (code !== 'ABORTED' && code !== 'DIVERGED') return error;
  // That it was stopped is what there is to say, report or none.
  const reported = await writeReport().then(
    () => ` Its report so far: ${files.report}`,
    () => '',
  );
  if (code === 'DIVERGED') {
    return new FewSoundError(code, `${error.message}${reported}`, {
      field: error.field as string,
      cause: error,
    });
  }
  const { steps } = await readOutcome(files);
  const goOn = howToGoOn(files, command);
  const text = `interrupted after step ${formatCount(steps)}. ${goOn}${reported && `.${reported}`}`;
  return new FewSoundError(code, text, { cause: error });
}
