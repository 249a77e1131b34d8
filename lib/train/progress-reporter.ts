import type { FitterReport } from '../native/model-addon.js';
import type { FitProgress, ResolvedFit } from './fit-options.js';

/** Reports are at least this far apart, seconds, but for the last. */
const interval = 0.05;

/** Passes the native loop's reports on to `onProgress`, with the times that they imply. */
export class ProgressReporter {
  readonly #options: ResolvedFit;
  readonly #begin: number;
  readonly #start = performance.now();
  #reportedStep = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** @param begin steps done before this call of fit */
  constructor(options: ResolvedFit, begin: number) {
    this.#options = options;
    this.#begin = begin;
  }

  /** Since it was made. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** A report of the loop; those that follow too soon are dropped. */
  report(report: FitterReport): void {
    if (this.seconds - this.#reportedAt >= interval) this.#pass(report);
  }

  /** The last report, which is not dropped. */
  finish(report: FitterReport): void {
    if (report.step !== this.#reportedStep) this.#pass(report);
  }

  #pass({ step, losses, siSnr }: FitterReport): void {
    const { steps, onProgress } = this.#options;
    if (onProgress === undefined) return;
    const secondsElapsed = this.seconds;
    this.#reportedAt = secondsElapsed;
    this.#reportedStep = step;
    const stepsPerSecond = (step - this.#begin) / secondsElapsed;
    const secondsLeft = (steps - step) / stepsPerSecond;
    const progress: FitProgress = {
      step,
      steps,
      loss: losses[0] as number,
      siSnr: siSnr[0] ?? null,
      stepsPerSecond,
      secondsElapsed,
      secondsLeft,
    };
    onProgress(progress);
  }
}
