import { addon } from '../addon/addon.js';
import type { FitReport } from '../addon/models.js';
import type { Clip } from '../audio/index.js';
import type { Inr } from '../nn/index.js';
import { scope } from '../tensor/index.js';
import { wrapTensor } from '../tensor/tensor.js';
import { type FitProgress, type ResolvedFit, wholeSteps } from './fit-options.js';
import { optimizerOf } from './optimizer.js';
import { scheduleArgument } from './schedule.js';
import { Trainer } from './trainer.js';

// The native loop as `fit` and `fitAll` drive it.

/** The native loop for one network for each clip; the clips are of one length and rate. */
export function createFitter(
  networks: readonly Inr[],
  clips: readonly Clip[],
  options: ResolvedFit,
): Trainer {
  const {
    steps,
    share,
    shareUntil,
    learningRate,
    betas,
    schedule,
    loss,
    threads,
    estimates,
    earlyStop = {},
  } = options;
  const { length } = clips[0] as Clip;
  const targets = new Float32Array(clips.length * length);
  for (const [i, { samples }] of clips.entries()) targets.set(samples, i * length);
  return scope(() => {
    const tensor = wrapTensor(addon().tensor(targets, [clips.length, length], 'float32'));
    const handles = networks.map(({ handle }) => handle);
    const argument = {
      ...{ steps, share, shareUntil, threads, loss, estimates, earlyStop: { ...earlyStop } },
      optimizer: optimizerOf(options),
      schedule: scheduleArgument({ schedule, learningRate, steps, beta1: betas[0] }),
    };
    return Trainer.ofFit(addon().createTrainer('fit', handles, argument, tensor.handle));
  });
}

/** Runs the native loop, which looks at the signals before every step. */
export async function runFitter(
  fitter: Trainer,
  untilStep: number,
  signals: readonly (AbortSignal | undefined)[],
  onReport: (report: FitReport) => void,
): ReturnType<ReturnType<typeof addon>['runTrainer']> {
  const abort = addon().createAbortFlag();
  const raise = () => addon().raiseAbort(abort);
  for (const signal of signals) {
    signal?.addEventListener('abort', raise, { once: true });
    if (signal?.aborted) raise();
  }
  try {
    return await addon().runTrainer(fitter.handle, untilStep, abort, onReport);
  } finally {
    for (const signal of signals) signal?.removeEventListener('abort', raise);
  }
}

/** Looks at a network while it is fitted: the loop ends for them, and is begun again. */
export class Looks {
  #waiting: ((network: Inr | undefined) => void)[] = [];
  #asked = new AbortController();
  #ended = false;

  /** Ends the loop where somebody wants to look. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  ask<T>(see: (network: Inr) => T): Promise<T | undefined> {
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((done, failed) => {
      this.#waiting.push((network) => {
        try {
          done(network && scope(() => see(network)));
        } catch (error) {
          failed(error);
        }
      });
      this.#asked.abort();
    });
  }

  /** Shows the network, which must be idle, to all that wait. */
  show(network: Inr): void {
    this.#asked = new AbortController();
    for (const look of this.#waiting.splice(0)) look(network);
  }

  /** There is nothing more to see. */
  [Symbol.dispose](): void {
    this.#ended = true;
    for (const look of this.#waiting.splice(0)) look(undefined);
  }
}

/** Reports are at least this far apart, seconds, but for the last. */
const interval = 0.05;

/** Passes the native loop's reports on to `onProgress`, with the times that they imply. */
export class ProgressReporter {
  readonly #options: ResolvedFit;
  readonly #begin: number;
  readonly #start = performance.now();
  #reportedStep = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  readonly #looks: Looks;

  /** @param begin steps done before this call of fit */
  constructor(options: ResolvedFit, begin: number, looks: Looks) {
    this.#options = options;
    this.#begin = begin;
    this.#looks = looks;
  }

  /** Since it was made. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** A report of the loop; those that follow too soon are dropped. */
  report(report: FitReport): void {
    if (this.seconds - this.#reportedAt >= interval) this.#pass(report);
  }

  /** The last report, which is not dropped. */
  finish(report: FitReport): void {
    if (report.step !== this.#reportedStep) this.#pass(report);
  }

  #pass({ step, losses, siSnr, estimates }: FitReport): void {
    const { steps, onProgress } = this.#options;
    const whole = (count: number) => wholeSteps(this.#options, count);
    if (onProgress === undefined) return;
    const secondsElapsed = this.seconds;
    this.#reportedAt = secondsElapsed;
    this.#reportedStep = step;
    const stepsPerSecond = (step - this.#begin) / secondsElapsed;
    const secondsLeft =
      (secondsElapsed * (whole(steps) - whole(step))) / (whole(step) - whole(this.#begin));
    const progress: FitProgress = {
      step,
      steps,
      loss: losses[0] as number,
      siSnr: siSnr[0] ?? null,
      stepsPerSecond,
      secondsElapsed,
      secondsLeft,
      ...(estimates !== null && { estimate: estimates }),
      look: (see) => this.#looks.ask(see),
    };
    onProgress(progress);
  }
}
