import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, FewSoundError } from '../errors.js';

/** What a worker says of the task that it was sent. */
export type WorkerMessage<News, Result> =
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/**
 * The program of a worker thread that `runTasks` sends one task after the other. Does nothing where
 * there is no parent to work for.
 *
 * @param begin gets what all tasks have in common, once, and gives what does one
 */
export function serveTasks<Data, Task, Result, News = never>(
  begin: (data: Data) => (task: Task, tell: (news: News) => void) => Promise<Result>,
): void {
  const parent = parentPort;
  if (parent === null) return;
  const say = (message: WorkerMessage<News, Result>) => parent.postMessage(message);
  const work = begin(workerData as Data);
  parent.on('message', (task: Task) => {
    work(task, (news) => say({ kind: 'news', news })).then(
      (result) => say({ kind: 'done', result }),
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
