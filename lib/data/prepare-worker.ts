// The program of a worker thread of `prepareCorpus`.

import { serveTasks } from '../workers/serve-tasks.js';
import type { PreparationSettings, ShardRecord } from './manifest.js';
import { type FileDone, prepareUnit, type WorkUnit } from './prepare-unit.js';

export interface PrepareWorkerData {
  readonly settings: PreparationSettings;
  readonly out: string;
}

serveTasks<PrepareWorkerData, WorkUnit, ShardRecord, FileDone>(
  ({ settings, out }) =>
    (unit, tell) =>
      prepareUnit(unit, settings, out, tell),
);
