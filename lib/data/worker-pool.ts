import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FewSoundError } from '../native/errors.js';
import { packageRoot } from '../native/package-root.js';
import type { PreparationSettings, ShardRecord } from './manifest.js';
import type { FileDone } from './prepare-unit.js';
import type { PrepareWorkerData, PrepareWorkerMessage } from './prepare-worker.js';
import type { WorkUnit } from './unit-plan.js';

/** The worker's program is JavaScript, also where this file is run from its source. */
const program = () => join(packageRoot(), 'dist', 'data', 'prepare-worker.js');

/** Whether worker threads can be had: not from sources that were never compiled. */
export function hasWorkerProgram(): boolean {
  return existsSync(program());
}

/** What a pool is to do and whom it tells. */
export interface PoolWork {
  readonly units: readonly WorkUnit[];
  readonly settings: PreparationSettings;
  readonly out: string;
  readonly workers: number;
  readonly onFile: (file: FileDone) => void;
  readonly onUnit: (record: ShardRecord) => void;
  readonly signal: AbortSignal;
}

/**
 * Prepares units on worker threads, in any order. When one fails, or at the signal, all are ended at once: what they had
 * not finished has left nothing but temporary files.
 *
 * @throws FewSoundError of the first unit that failed; ABORTED
 */
export async function prepareOnWorkers(work: PoolWork): Promise<void> {
  const { settings, out, signal } = work;
  const data: PrepareWorkerData = { settings, out };
  const queue = [...work.units].reverse();
  const workers = Array.from(
    { length: Math.min(work.workers, queue.length) },
    () => new Worker(program(), { workerData: data }),
  );
  const abandoned = new AbortController();
  const giveUp = () => abandoned.abort();
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    await Promise.all(workers.map((worker) => serve(worker, queue, work, abandoned.signal)));
  } finally {
    giveUp();
    signal.removeEventListener('abort', giveUp);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Gives a worker one unit after the other until there is none left. */
function serve(
  worker: Worker,
  queue: WorkUnit[],
  { onFile, onUnit }: PoolWork,
  abandoned: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let unit: WorkUnit | undefined;
    const next = () => {
      unit = queue.pop();
      if (unit === undefined) resolve();
      else worker.postMessage(unit);
    };
    const stop = () => reject(new FewSoundError('ABORTED', 'the preparation was aborted.'));
    abandoned.addEventListener('abort', stop);
    if (abandoned.aborted) stop();
    worker.on('message', (message: PrepareWorkerMessage) => {
      // Messages that were under way when all was given up.
      if (abandoned.aborted) return;
      try {
        if (message.kind === 'failed')
          return reject(new FewSoundError(message.code, message.message));
        if (message.kind === 'file') return onFile(message.file);
        onUnit(message.record);
        next();
      } catch (error) {
        reject(error);
      }
    });
    const died = (cause: unknown) =>
      reject(
        new FewSoundError(
          'INTERNAL',
          `a worker thread ended while it prepared ${unit?.files[0]?.name ?? 'nothing'} and those after it (${(cause as Error)?.message ?? cause}). Run it again, with fewer workers if memory was short.`,
          { cause },
        ),
      );
    worker.on('error', died);
    worker.on('exit', (status) => died(`exit status ${status}`));
    next();
  });
}
