// What the addon offers for training in several processes. binding/distributed.cc is the other side; `Addon` (addon.ts)
// includes this.

import type { Opaque } from './model-addon.js';

/** An object of the addon; it carries a type tag, so anything else in its place is an error. */
export type ProcessGroupHandle = Opaque<'process group'>;

export type ProcessGroupBackend = 'gloo' | 'nccl';

export interface ProcessGroupArgument {
  rank: number;
  size: number;
  masterAddress: string;
  masterPort: number;
  launcherListens?: boolean;
  timeoutSeconds?: number;
  backend?: ProcessGroupBackend;
  localRank?: number;
}

/** `Tensor` is the addon's tensor handle. Promises are of jobs; a group runs one at a time. */
export interface DistributedAddon<Tensor> {
  /** Why process groups cannot use NCCL, or null where they can. */
  readonly ncclUnavailable: string | null;
  joinProcessGroup(options: ProcessGroupArgument): Promise<ProcessGroupHandle>;
  processGroupFacts(group: ProcessGroupHandle): {
    rank: number;
    size: number;
    backend: ProcessGroupBackend;
    open: boolean;
  };
  sumOverRanks(group: ProcessGroupHandle, numbers: readonly number[]): Promise<number[]>;
  anyOfRanks(group: ProcessGroupHandle, flag: boolean): Promise<boolean>;
  /** Works on copies and writes into the tensors when it is done. */
  meanOverRanks(group: ProcessGroupHandle, tensors: readonly Tensor[]): Promise<void>;
  /** Likewise. */
  broadcastFromRank(
    group: ProcessGroupHandle,
    tensors: readonly Tensor[],
    root: number,
  ): Promise<void>;
  barrierOfRanks(group: ProcessGroupHandle): Promise<void>;
  /** Waits for the other ranks to close theirs. */
  closeProcessGroup(group: ProcessGroupHandle): Promise<void>;
  /** At once, unless an operation is running. */
  leaveProcessGroup(group: ProcessGroupHandle): void;
}
