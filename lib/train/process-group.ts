import { z } from 'zod';
import { addon } from '../addon/addon.js';
import type { ProcessGroupHandle } from '../addon/models.js';
import { FewSoundError } from '../errors.js';
import { flag, optionsObject, parseOptions, wholeNumber } from '../options.js';
import type { Tensor } from '../tensor/index.js';
import { handleOf } from '../tensor/tensor.js';

/** Options of {@link ProcessGroup.join}. */
export interface ProcessGroupOptions {
  /** This process, 0 to size - 1. */
  rank: number;
  /** How many processes there are, 1 to 65,536. */
  size: number;
  /** Name or address of the machine of rank 0, as the others reach it. */
  masterAddress: string;
  /** A port there, the same for all ranks; rank 0 listens at it. */
  masterPort: number;
  /** Whether the program that started the ranks listens there instead of rank 0. Default false. */
  launcherListens?: boolean;
  /**
   * Seconds to wait for the other ranks, when joining and in every operation, 0.1 to 86,400.
   * Default 30.
   */
  timeoutSeconds?: number;
  /**
   * Gloo takes tensors of any device, through the CPU; NCCL those of CUDA devices. Default 'gloo'.
   */
  backend?: 'gloo' | 'nccl';
  /** The CUDA device of this rank on its machine, for NCCL. Default 0. */
  localRank?: number;
}

const LAST_PORT = 65_535;
const MOST_RANKS = 65_536;
const MOST_DEVICES = 128;

const seconds = 'Expected seconds from 0.1 to 86400';
const timeoutSeconds = z.number({ error: seconds }).gte(0.1, { error: seconds }).lte(86_400, {
  error: seconds,
});
const backend = z.enum(['gloo', 'nccl'], { error: "Expected 'gloo' or 'nccl'" });

const schema = optionsObject({
  rank: wholeNumber(0, MOST_RANKS - 1),
  size: wholeNumber(1, MOST_RANKS),
  masterAddress: z
    .string({ error: 'Expected a name or an address' })
    .min(1, { error: 'Expected a name or an address' }),
  masterPort: wholeNumber(1, LAST_PORT),
  launcherListens: flag.default(false),
  timeoutSeconds: timeoutSeconds.default(30),
  backend: backend.default('gloo'),
  localRank: wholeNumber(0, MOST_DEVICES - 1).default(0),
});

/**
 * Processes that train one model together, on one machine or several. Every operation is one that
 * all of them call, in the same order; each resolves when all have come to it. The operations of a
 * process follow each other as they were called, awaited or not.
 *
 * An operation that fails, because a rank is gone, hangs or does something else, ends the group: it
 * rejects with PROCESS_GROUP, and so do all that follow. End with `close()`; a process that just
 * ends may cut off what others are still receiving.
 */
export class ProcessGroup {
  /** This process, from 0. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  readonly backend: 'gloo' | 'nccl';
  /** @internal */
  readonly handle: ProcessGroupHandle;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(handle: ProcessGroupHandle) {
    const { rank, size, backend } = addon().processGroupFacts(handle);
    this.handle = handle;
    this.rank = rank;
    this.size = size;
    this.backend = backend;
  }

  /**
   * Joins the other processes; resolves when all are there.
   *
   * @throws FewSoundError INVALID_ARGUMENT naming the option; DEVICE_UNAVAILABLE where there is no
   *   NCCL; PROCESS_GROUP when not all come within the timeout or the port is taken
   */
  static async join(options: ProcessGroupOptions): Promise<ProcessGroup> {
    const resolved = parseOptions(schema, options, 'process group options');
    if (resolved.rank >= resolved.size) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `process group options: rank is ${resolved.rank}. Expected 0 to ${resolved.size - 1}, as size is ${resolved.size}.`,
        { field: 'rank' },
      );
    }
    const { ncclUnavailable } = addon();
    if (resolved.backend === 'nccl' && ncclUnavailable !== null) {
      throw new FewSoundError(
        'DEVICE_UNAVAILABLE',
        `NCCL is not available: ${ncclUnavailable}. Take backend 'gloo', which takes tensors of CUDA devices as well, through the CPU.`,
        { field: 'backend' },
      );
    }
    return new ProcessGroup(await addon().joinProcessGroup(resolved));
  }

  /** Whether it is still of use: neither closed nor ended by a failure. */
  get open(): boolean {
    return addon().processGroupFacts(this.handle).open;
  }

  /**
   * The sum over the ranks of each number, the same on all of them bit for bit. All give as many.
   *
   * @throws FewSoundError INVALID_ARGUMENT, PROCESS_GROUP
   */
  sum(values: readonly number[]): Promise<number[]> {
    return this.#inTurn(() => addon().sumOverRanks(this.handle, values));
  }

  /**
   * Whether the flag of any rank is true: how ranks agree on when to stop.
   *
   * @throws FewSoundError INVALID_ARGUMENT, PROCESS_GROUP
   */
  any(flag: boolean): Promise<boolean> {
    return this.#inTurn(() => addon().anyOfRanks(this.handle, flag));
  }

  /**
   * Writes the mean over the ranks into each tensor, such as gradients; of like shapes and dtypes
   * on all of them.
   *
   * @throws FewSoundError INVALID_ARGUMENT, PROCESS_GROUP
   */
  mean(tensors: Iterable<Tensor>): Promise<void> {
    return this.#inTurn(() => addon().meanOverRanks(this.handle, [...tensors].map(handleOf)));
  }

  /**
   * Writes the tensors of one rank into those of the others, such as parameters before the first
   * step.
   *
   * @param root the rank whose tensors they are
   * @throws FewSoundError INVALID_ARGUMENT, PROCESS_GROUP
   */
  broadcast(tensors: Iterable<Tensor>, root = 0): Promise<void> {
    return this.#inTurn(() =>
      addon().broadcastFromRank(this.handle, [...tensors].map(handleOf), root),
    );
  }

  /**
   * Resolves when all ranks are here.
   *
   * @throws FewSoundError PROCESS_GROUP
   */
  barrier(): Promise<void> {
    return this.#inTurn(() => addon().barrierOfRanks(this.handle));
  }

  /**
   * Waits for the other ranks to close theirs, and ends the connections. Again, or after a failure,
   * it does nothing.
   */
  close(): Promise<void> {
    return this.#inTurn(() => addon().closeProcessGroup(this.handle));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Ends the connections without waiting for others: what they still expect from this rank fails
   * there.
   */
  dispose(): void {
    addon().leaveProcessGroup(this.handle);
    // One that is running cannot be taken back.
    void this.#inTurn(async () => addon().leaveProcessGroup(this.handle));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #inTurn<Result>(operation: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(operation);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** A whole number in a variable. */
function numberIn(least: number, most: number) {
  return z
    .string({ error: `Expected a whole number from ${least} to ${most}` })
    .regex(/^\d{1,9}$/, { error: `Expected a whole number from ${least} to ${most}` })
    .transform(Number)
    .pipe(wholeNumber(least, most));
}

const environmentSchema = z.object({
  WORLD_SIZE: numberIn(1, MOST_RANKS),
  RANK: numberIn(0, MOST_RANKS - 1),
  MASTER_ADDR: z
    .string({ error: 'Expected the name or address of the machine of rank 0' })
    .min(1, { error: 'Expected the name or address of the machine of rank 0' }),
  MASTER_PORT: numberIn(1, LAST_PORT),
  LOCAL_RANK: numberIn(0, MOST_DEVICES - 1).default(0),
  TORCHELASTIC_USE_AGENT_STORE: z.string().optional(),
});

const optionsOfEnvironment = optionsObject({
  timeoutSeconds: timeoutSeconds.optional(),
  backend: backend.optional(),
});

/**
 * Joins the processes that `torchrun` started, by the variables that it sets: RANK, WORLD_SIZE,
 * MASTER_ADDR, MASTER_PORT and, for NCCL, LOCAL_RANK. Anything else that sets them does as well.
 *
 * ```sh
 * torchrun --no-python --nproc-per-node 2 node train.js
 * ```
 *
 * @returns null where there is one process only: WORLD_SIZE is not set, or 1
 * @throws FewSoundError INVALID_ARGUMENT naming the variable; what {@link ProcessGroup.join} throws
 */
export async function processGroupFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: Pick<ProcessGroupOptions, 'timeoutSeconds' | 'backend'> = {},
): Promise<ProcessGroup | null> {
  const chosen = parseOptions(optionsOfEnvironment, options, 'process group options');
  if (env.WORLD_SIZE === undefined || env.WORLD_SIZE === '1') return null;
  const variables = parseOptions(environmentSchema, env, 'the environment');
  if (variables.RANK >= variables.WORLD_SIZE) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `the environment: RANK is "${variables.RANK}". Expected 0 to ${variables.WORLD_SIZE - 1}, as WORLD_SIZE is ${variables.WORLD_SIZE}.`,
      { field: 'RANK' },
    );
  }
  return ProcessGroup.join({
    ...chosen,
    rank: variables.RANK,
    size: variables.WORLD_SIZE,
    masterAddress: variables.MASTER_ADDR,
    masterPort: variables.MASTER_PORT,
    localRank: variables.LOCAL_RANK,
    launcherListens: variables.TORCHELASTIC_USE_AGENT_STORE === 'True',
  });
}
