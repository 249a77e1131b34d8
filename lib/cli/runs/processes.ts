import { addon } from '../../addon/addon.js';
import { FewSoundError } from '../../errors.js';
import { devices } from '../../tensor/index.js';
import { type ProcessGroup, processGroupFromEnvironment } from '../../train/index.js';
import type { CommandContext, CommandResult, SilentResult } from '../command.js';
import { INTERRUPTED, reportFailure, reworded } from '../command.js';
import type { DeviceName } from '../flags/parsers.js';

// The first process of a group writes checkpoints while the others wait for it.
const TIMEOUT_SECONDS = 600;

/** The place of this process among those that torchrun started; alone it is the only one. */
export interface ProcessPlace {
  readonly rank: number;
  readonly size: number;
  /** Among those on this machine. */
  readonly localRank: number;
}

/** Reads it from the variables that torchrun sets; joining the group checks them. */
export function processPlace(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ProcessPlace {
  const number = (name: string, otherwise: number) => {
    const value = Number(env[name]);
    return Number.isInteger(value) && value >= 0 ? value : otherwise;
  };
  const size = number('WORLD_SIZE', 1);
  if (size <= 1) return { rank: 0, size: 1, localRank: 0 };
  return { rank: number('RANK', 0), size, localRank: number('LOCAL_RANK', 0) };
}

/**
 * Where to compute: as asked, else on a CUDA device where there is one. Each of several processes
 * has a device of its own.
 */
export function chooseDevice(
  asked: DeviceName | undefined,
  { localRank }: Pick<ProcessPlace, 'localRank'> = { localRank: 0 },
): DeviceName {
  if (asked !== undefined && asked !== 'cuda') return asked;
  return asked === 'cuda' || devices().length > 1 ? `cuda:${localRank}` : 'cpu';
}

/**
 * Joins the other processes; null where there are none.
 *
 * @param asked what carries the gradients. Default: NCCL for CUDA devices where it is available,
 *   else Gloo
 * @throws FewSoundError what `processGroupFromEnvironment` throws
 */
export async function joinProcesses(
  device: DeviceName,
  asked?: 'gloo' | 'nccl',
): Promise<ProcessGroup | null> {
  const nccl = device !== 'cpu' && addon().ncclUnavailable === null;
  return processGroupFromEnvironment(process.env, {
    backend: asked ?? (nccl ? 'nccl' : 'gloo'),
    timeoutSeconds: TIMEOUT_SECONDS,
  });
}

/** The error of a process that is not the only one, with which of them it was. */
function namedByRank(error: unknown, { rank, size }: ProcessPlace): unknown {
  if (size === 1 || !(error instanceof FewSoundError)) return error;
  return reworded(error, `process ${rank} of ${size}: ${error.message}`);
}

/** Of several processes only the first prints a result, but each reports its own failure. */
export async function asOneOfSeveral(
  context: CommandContext,
  work: () => Promise<CommandResult>,
): Promise<CommandResult | SilentResult> {
  const place = processPlace();
  try {
    const result = await work();
    return place.rank === 0 ? result : { status: 0 };
  } catch (error) {
    if (place.rank === 0) throw namedByRank(error, place);
    const aborted = error instanceof FewSoundError && error.code === 'ABORTED';
    if (aborted) return { status: INTERRUPTED };
    // Standard output is the first process's.
    return { status: reportFailure(namedByRank(error, place), { ...context, json: false }) };
  }
}
