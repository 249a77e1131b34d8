import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FewSoundError } from '../../errors.js';
import { writeFileAtomic } from '../../files.js';
import { formatCount } from '../../report/text-table.js';
import type { RunFiles } from '../../train/index.js';
import { prettyJson } from './fit-config.js';
import { readOutcome } from './outcome.js';

/** Commands that train into the folder of a run. */
export type TrainingCommand = 'train' | 'train-classifier';

/** @throws FewSoundError INVALID_ARGUMENT for a folder that holds a run already */
export function requireFreeFolder(
  { folder, last, metrics, config }: RunFiles,
  command: TrainingCommand,
): void {
  const taken = [last, metrics, config].find((path) => existsSync(path));
  if (taken === undefined) return;
  const remedy = existsSync(last)
    ? `Go on with it by fewsound ${command} --resume ${folder}, or choose another folder by --out.`
    : 'It came to no checkpoint: remove it, or choose another folder by --out.';
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${folder} holds another run already (${basename(taken)}). ${remedy}`,
    { field: 'out' },
  );
}

/**
 * @param source the configuration that the run was begun with
 * @throws FewSoundError FILE_NOT_FOUND for a folder without a checkpoint
 */
export function requireCheckpoint({ folder, last }: RunFiles, source: string): void {
  if (existsSync(last)) return;
  throw new FewSoundError(
    'FILE_NOT_FOUND',
    `${folder} holds no checkpoint: the training ended before its first one. Remove the folder and begin anew; ${source} was its configuration.`,
  );
}

/** What to do after a training that was not finished, without the end of the sentence where it is a command. */
export function howToGoOn({ folder, last }: RunFiles, command: TrainingCommand): string {
  return existsSync(last)
    ? `To go on: fewsound ${command} --resume ${folder}`
    : `There is no checkpoint to go on from: remove ${folder} and begin anew.`;
}

/**
 * Keeps what a run was begun with: a configuration like the given one, with all of the model's that was drawn or
 * defaulted.
 *
 * @param name of the file in the folder
 * @throws FewSoundError IO
 */
export async function keepConfiguration(
  folder: string,
  name: string,
  config: { readonly model: Readonly<Record<string, unknown>> },
  { kind, options }: { readonly kind: string; readonly options: { readonly device: unknown } },
): Promise<void> {
  // The device belongs to the machine, unless it was asked for.
  const { device: _, ...architecture } = options;
  const { device } = config.model;
  const model = { kind, ...architecture, ...(device !== undefined && { device }) };
  await mkdir(folder, { recursive: true }).catch((cause) => {
    const text = `the folder ${folder} cannot be made (${cause.message}). Choose another by --out.`;
    throw new FewSoundError('IO', text, { field: 'out', cause });
  });
  await writeFileAtomic(join(folder, name), prettyJson({ ...config, model }));
}

/**
 * An error of work on a part of a configuration: what is wrong there is named with its place in the file.
 *
 * @param source the file
 */
export function withPlace(error: unknown, source: string, part: string): unknown {
  if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') return error;
  return new FewSoundError('INVALID_ARGUMENT', `${source}, ${part}: ${error.message}`, {
    field: error.field === undefined ? part : `${part}.${error.field}`,
    cause: error,
  });
}

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
