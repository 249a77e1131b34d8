import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FewSoundError } from '../../native/errors.js';

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
  };
}

/**
 * Makes the folders, and clears away what a killed process left half written.
 *
 * @throws FewSoundError IO
 */
export async function openRunFolder(files: RunFiles): Promise<void> {
  try {
    await mkdir(files.checkpoints, { recursive: true });
    for (const folder of [files.folder, files.checkpoints]) {
      for (const name of await readdir(folder)) {
        if (/^\..+\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
      }
    }
  } catch (cause) {
    throw new FewSoundError(
      'IO',
      `folder: ${files.folder} cannot be written to (${(cause as Error).message}).`,
      { field: 'folder', cause },
    );
  }
}
