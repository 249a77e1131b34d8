import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, FewSoundError } from '../native/errors.js';
import type { PreparationSettings, ShardRecord } from './manifest.js';
import { type FileDone, prepareUnit } from './prepare-unit.js';
import type { WorkUnit } from './unit-plan.js';

/** What a worker is started with. */
export interface PrepareWorkerData {
  readonly settings: PreparationSettings;
  readonly out: string;
}

/** What a worker says; it is sent one unit after the other. */
export type PrepareWorkerMessage =
  | { readonly kind: 'file'; readonly file: FileDone }
  | { readonly kind: 'unit'; readonly record: ShardRecord }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

// Loaded as a worker thread's program by worker-pool.ts; without a parent there is nobody to work for.
const parent = parentPort;
if (parent !== null) {
  const { settings, out } = workerData as PrepareWorkerData;
  const say = (message: PrepareWorkerMessage) => parent.postMessage(message);
  parent.on('message', (unit: WorkUnit) => {
    prepareUnit(unit, settings, out, (file) => say({ kind: 'file', file })).then(
      (record) => say({ kind: 'unit', record }),
      (error: unknown) => {
        const isOurs = error instanceof FewSoundError;
        const { message, stack = message } = error as Error;
        say({
          kind: 'failed',
          code: isOurs ? error.code : 'INTERNAL',
          message: isOurs ? message : stack,
        });
      },
    );
  });
}
