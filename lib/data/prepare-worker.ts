// The program of a worker thread of `prepareCorpus`.

import { serveTasks } from '../workers/serve-tasks.js';
import type { PreparationSettings, ShardRecord } from './manifest.js';
import type { WorkUnit } from './prepare-unit.js';
import { type FileDone, prepareUnit } from './prepare-unit.js';

/** What a worker is started with. */
export interface PrepareWorkerData {
  readonly settings: PreparationSettings;
  readonly out: string;
}

serveTasks<PrepareWorkerData, WorkUnit, ShardRecord, FileDone>(
  ({ settings, out }) =>
    (unit, tell) =>
      prepareUnit(unit, settings, out, tell),
);
