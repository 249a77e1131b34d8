import { existsSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { FewSoundError } from '../native/errors.js';
import { runFiles } from '../train/index.js';
import { readTrainConfig } from './train-config.js';

/** The file of a run that holds what it was begun with, in the form of a configuration. */
export const TRAIN_FILE = 'train.json';

/** A trained model on disk. */
export interface TrainedModel {
  /** The configuration's name for a run that has one, else that of the folder or file. */
  readonly name: string;
  readonly file: string;
}

/**
 * The model at a path: that file; or in the folder of a run the best one, before the first validation the last.
 *
 * @throws FewSoundError FILE_NOT_FOUND for a folder without a model
 */
export async function findTrainedModel(path: string): Promise<TrainedModel> {
  const absolute = resolve(path);
  if (!statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) {
    return { name: basename(absolute, extname(absolute)), file: absolute };
  }
  const { best, last } = runFiles(absolute);
  const file = [best, last].find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      `${absolute} holds no trained model (${best}). Give the folder of a run of \`fewsound train\` that has come to a checkpoint, or the file of a model.`,
    );
  }
  const config = join(absolute, TRAIN_FILE);
  const { name = basename(absolute) } = existsSync(config) ? await readTrainConfig(config, '') : {};
  return { name, file };
}
