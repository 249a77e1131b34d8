import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { FewSoundError } from '../../errors.js';
import { workerProgram } from '../../workers/worker-pool.js';
import { Turns } from '../turns.js';
import type { PesqAnswer, PesqJob } from './pesq-worker.js';

/** A worker that has been idle this long is ended, milliseconds. */
const IDLE = 10_000;

const PROGRAM = 'metrics/pesq/pesq-worker.js';

/** A process that measures one pair after the other. It does not keep this one alive. */
class Worker {
  readonly #process: ChildProcess;
  #idle: NodeJS.Timeout | undefined;
  alive = true;

  constructor() {
    this.#process = fork(workerProgram(PROGRAM), [], {
      serialization: 'advanced',
      // The C code prints what nobody needs.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
    // A listener must be there whenever it dies; `run` adds its own.
    this.#process.on('error', () => this.end());
    this.#process.on('exit', () => this.end());
    this.#hold(false);
  }

  /** @throws FewSoundError WORKER when the process dies, or takes longer than the job allows */
  run(job: PesqJob): Promise<PesqAnswer> {
    clearTimeout(this.#idle);
    this.#hold(true);
    return new Promise<PesqAnswer>((resolve, reject) => {
      // The process has the same limit, for when nobody is left here to end it; this one also
      // covers its start.
      const limit = setTimeout(
        () => failed(`took longer than ${job.seconds} s and was ended`),
        (job.seconds + 10) * 1000,
      );
      const settle = () => {
        clearTimeout(limit);
        this.#process.off('message', answered).off('exit', exited).off('error', broke);
        this.#hold(false);
      };
      const failed = (what: string) => {
        settle();
        this.end();
        reject(
          new FewSoundError(
            'WORKER',
            `PESQ's reference program ${what} on this pair of signals. Other measurements are not affected.`,
          ),
        );
      };
      const answered = (answer: PesqAnswer) => {
        settle();
        this.#idle = setTimeout(() => this.end(), IDLE).unref();
        resolve(answer);
      };
      const exited = (status: number | null, signal: NodeJS.Signals | null) =>
        signal === 'SIGALRM'
          ? failed(`took longer than ${job.seconds} s and was ended`)
          : failed(`crashed (${signal ?? `exit status ${status}`})`);
      const broke = (error: Error) => failed(`cannot be run (${error.message})`);
      this.#process.on('message', answered).on('exit', exited).on('error', broke);
      if (!this.alive) return failed('crashed');
      this.#process.send(job, (error) => {
        if (error !== null) failed(`cannot be reached (${error.message})`);
      });
    });
  }

  end(): void {
    this.alive = false;
    clearTimeout(this.#idle);
    this.#process.kill('SIGKILL');
  }

  #hold(held: boolean): void {
    const { channel } = this.#process;
    if (held) {
      this.#process.ref();
      channel?.ref();
    } else {
      this.#process.unref();
      channel?.unref();
    }
  }
}

const turns = new Turns(availableParallelism());
const idle: Worker[] = [];

/**
 * Measures a pair in its own process; as many run side by side as the machine has cores.
 *
 * @throws FewSoundError WORKER when that process crashes or takes too long
 */
export function measureInWorker(job: PesqJob): Promise<PesqAnswer> {
  return turns.take(async () => {
    let worker: Worker | undefined;
    do worker = idle.pop();
    while (worker?.alive === false);
    worker ??= new Worker();
    try {
      return await worker.run(job);
    } finally {
      if (worker.alive) idle.push(worker);
    }
  });
}
