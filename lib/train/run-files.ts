import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FewSoundError } from '../errors.js';
import { makeFolder } from '../files.js';
import { occupy, requireUnoccupied } from '../folder-lock.js';

/** Where everything of a training lies in its folder. */
export interface RunFiles {
  readonly folder: string;
  /** All options, as they were resolved. */
  readonly config: string;
  readonly metrics: string;
  readonly checkpoints: string;
  /** The state after the last checkpoint: what a training goes on from. */
  readonly last: string;
  /** The model of the validation with the lowest loss. */
  readonly best: string;
  readonly report: string;
  /** Of a classifier: what the best model makes of the recordings that training never heard. */
  readonly test: string;
  /** Of a classifier: weights after every epoch. */
  readonly epochs: string;
}

/** The paths of a training's files; nothing is touched. */
export function runFiles(folder: string): RunFiles {
  const checkpoints = join(folder, 'checkpoints');
  return {
    folder,
    config: join(folder, 'config.json'),
    metrics: join(folder, 'metrics.jsonl'),
    checkpoints,
    last: join(checkpoints, 'last.safetensors'),
    best: join(checkpoints, 'best.safetensors'),
    report: join(folder, 'report.html'),
    test: join(folder, 'test.json'),
    epochs: join(folder, 'epochs'),
  };
}

/**
 * Makes the folders, takes them for this process, and clears away what a killed one left half
 * written.
 *
 * @returns gives them back
 * @throws FewSoundError IO, also where another process trains there
 */
export async function openRunFolder(files: RunFiles): Promise<Disposable> {
  await makeFolder(files.checkpoints, { field: 'folder' });
  const occupied = occupy(files.folder);
  try {
    for (const folder of [files.folder, files.checkpoints]) {
      for (const name of await readdir(folder)) {
        if (/^\..+\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
      }
    }
    return occupied;
  } catch (cause) {
    occupied[Symbol.dispose]();
    throw new FewSoundError(
      'IO',
      `folder: ${files.folder} cannot be written to (${(cause as Error).message}).`,
      { field: 'folder', cause },
    );
  }
}

/**
 * @throws FewSoundError FILE_NOT_FOUND for a folder without a checkpoint; IO where another process
 *   trains there
 */
export function requireResumable({ folder, last }: RunFiles): void {
  if (existsSync(last)) return;
  requireUnoccupied(folder);
  throw new FewSoundError(
    'FILE_NOT_FOUND',
    `resume: ${last} does not exist; the training was stopped before its first checkpoint, or was never begun. Begin it without resume, in an empty folder.`,
    { field: 'resume' },
  );
}

/**
 * @throws FewSoundError INVALID_ARGUMENT for a folder that holds a training; IO where another
 *   process trains there
 */
export function requireNewRun({ folder, last, metrics }: RunFiles): void {
  const taken = [last, metrics].find((path) => existsSync(path));
  if (taken === undefined) return;
  requireUnoccupied(folder);
  const remedy =
    taken === last
      ? 'Go on with it by resume: true'
      : 'It was stopped before its first checkpoint: remove it';
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `folder: ${folder} holds a training already (${taken}). ${remedy}, or choose another folder.`,
    { field: 'folder' },
  );
}
