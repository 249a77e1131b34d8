import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../setup/libtorch.js';

/**
 * The path of a program for threads or processes of their own: JavaScript, also where lib/ is run from its sources.
 *
 * @param place below lib/, such as 'data/prepare-worker.js'
 */
export function workerProgram(place: string): string {
  return join(packageRoot(), 'dist', place);
}

/** Whether there is such a program: not beside sources that were never compiled. */
export function hasWorkerProgram(place: string): boolean {
  return existsSync(workerProgram(place));
}
