import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { abortError, FewSoundError, throwIfAborted } from '../errors.js';
import { packageRoot } from '../setup/libtorch.js';
import type { WorkerMessage } from './serve-tasks.js';

/**
 * The path of a program for threads or processes of their own: JavaScript, also where lib/ is run
 * from its sources.
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

/** Tasks for worker threads, and whom to tell. */
export interface PoolWork<Task, Result, News = never> {
  /** Path of a program that calls `serveTasks`; see `workerProgram`. */
  readonly program: string;
  /** What all tasks have in common; every worker gets a copy, but of what is shared memory. */
  readonly data: unknown;
  /** Begun in this order. */
  readonly tasks: readonly Task[];
  /** 1 or more; no more are started than there are tasks. */
  readonly workers: number;
  /** Told of every task when it is done, in any order. An error that it throws ends all. */
  readonly onResult: (result: Result, task: Task) => void;
  /** Told what tasks tell while they run. An error that it throws ends all. */
  readonly onNews?: (news: News) => void;
  /** What a worker was at, for the message of one that ended: 'prepared a.wav'. */
  readonly describe: (task: Task) => string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does tasks on worker threads. When one fails, or at the signal, all are ended at once, in the
 * middle of what they are at.
 *
 * @throws FewSoundError of the first task that failed, INTERNAL where that was no FewSoundError;
 *   WORKER where a thread ended by itself, as for want of memory; ABORTED
 */
export async function runTasks<Task, Result, News = never>(
  work: PoolWork<Task, Result, News>,
): Promise<void> {
  const { program, data, tasks, signal } = work;
  throwIfAborted(signal, ABORTED);
  const queue = [...tasks].reverse();
  const workers = Array.from(
    { length: Math.min(work.workers, queue.length) },
    // Flags of the process may be none for a thread, such as --input-type.
    () => new Worker(program, { workerData: data, execArgv: [] }),
  );
  let over = false;
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(abortError(signal, ABORTED));
  });
  signal?.addEventListener('abort', stop);
  try {
    const all = workers.map((worker) => serve(worker, queue, work, () => over));
    await Promise.race([stopped, Promise.all(all)]);
  } finally {
    over = true;
    signal?.removeEventListener('abort', stop);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

const ABORTED = 'the work of the worker threads was aborted.';

/** Gives a worker one task after the other until there is none left. */
function serve<Task, Result, News>(
  worker: Worker,
  queue: Task[],
  { onResult, onNews, describe }: PoolWork<Task, Result, News>,
  isOver: () => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let current: { readonly task: Task } | undefined;
    const next = () => {
      if (queue.length === 0) return resolve();
      current = { task: queue.pop() as Task };
      worker.postMessage(current.task);
    };
    worker.on('message', (message: WorkerMessage<News, Result>) => {
      // Messages that were under way when all was given up.
      if (isOver()) return;
      try {
        if (message.kind === 'failed') {
          return reject(new FewSoundError(message.code, message.message));
        }
        if (message.kind === 'news') return onNews?.(message.news);
        onResult(message.result, (current as { task: Task }).task);
        next();
      } catch (error) {
        reject(error);
      }
    });
    const died = (cause: unknown) => {
      const doing = current === undefined ? 'began' : describe(current.task);
      reject(
        new FewSoundError(
          'WORKER',
          `a worker thread ended while it ${doing} (${(cause as Error)?.message ?? cause}). Run it again, with fewer workers if memory was short.`,
          { cause },
        ),
      );
    };
    worker.on('error', died);
    worker.on('exit', (status) => died(`exit status ${status}`));
    next();
  });
}
