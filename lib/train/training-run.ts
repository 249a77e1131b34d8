import { FewSoundError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import type { Metrics } from '../metrics/index.js';
import type { TrainingWarning } from './fit-options.js';
import { openRunFolder, type RunFiles, requireNewRun, requireResumable } from './run-files.js';
import type { ScheduledRate } from './schedule.js';
import type { Trainer } from './trainer.js';
import {
  type CheckpointedModel,
  readTrainingCheckpoint,
  type TrainingPosition,
  writeTrainingCheckpoint,
} from './training-checkpoint.js';
import { type LoggedValidation, TrainingLog } from './training-log.js';

/** Where a training is. */
export interface TrainProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Updates done in all, and of the whole training. */
  readonly step: number;
  readonly steps: number;
  /** Of the batch, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** Recordings learned from in a second, of all processes. */
  readonly samplesPerSecond: number;
  /** In this call of `train`. */
  readonly secondsElapsed: number;
  /** Estimate, validations included. */
  readonly secondsLeft: number;
}

/** One pass over the validation part. */
export interface ValidationResult {
  readonly step: number;
  readonly epoch: number;
  /** Mean loss of the segments. */
  readonly loss: number;
  /** Mean of each metric over the segments for which it is defined; null where it is for none. */
  readonly metrics: Partial<Metrics>;
  readonly segments: number;
  readonly seconds: number;
  /** Whether none before had a lower loss. */
  readonly best: boolean;
}

/** What a training is, whatever is trained. */
export interface TrainingPlan {
  /** How errors call the function. */
  readonly caller: string;
  readonly files: RunFiles;
  readonly model: CheckpointedModel;
  readonly trainer: Trainer;
  /** What decides the course of the training: a checkpoint of another one is refused. */
  readonly course: object;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly signal: AbortSignal | undefined;
  /** Whether this process writes; of several only the first does. */
  readonly writes: boolean;
}

/** An update that was made. */
export interface Update {
  /** From 1. */
  readonly epoch: number;
  /** Of the batch, before the update. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly rate: ScheduledRate;
  /** Recordings that were learned from, of all processes. */
  readonly recordings: number;
  /** `performance.now()` when it began. */
  readonly begun: number;
}

/** One call of a training in its folder: where it is, its log, its checkpoints. */
export class TrainingRun {
  readonly #plan: TrainingPlan;
  readonly #start = performance.now();
  #begin: TrainingPosition = { step: 0, seconds: 0, best: null, validationDue: false };
  #position = this.#begin;
  /** Where the last checkpoint is. */
  #saved = this.#begin;
  #log: TrainingLog | undefined;
  /** Taken from other processes. */
  #folder: Disposable | undefined;
  #loss = Number.NaN;

  constructor(plan: TrainingPlan) {
    this.#plan = plan;
  }

  /** Where this call began. */
  get begin(): TrainingPosition {
    return this.#begin;
  }

  get position(): TrainingPosition {
    return this.#position;
  }

  /** Of the last batch, before the last update; NaN before the first of this call. */
  get loss(): number {
    return this.#loss;
  }

  /** The next batch: its epoch and its place there, from 0. */
  get next(): { epoch: number; index: number } {
    const { stepsPerEpoch } = this.#plan;
    const { step } = this.#position;
    return { epoch: Math.floor(step / stepsPerEpoch), index: step % stepsPerEpoch };
  }

  /** Updates of the whole training. */
  get steps(): number {
    return this.#plan.epochs * this.#plan.stepsPerEpoch;
  }

  /** Of training, in all calls together, until now. */
  get seconds(): number {
    return this.#begin.seconds + (performance.now() - this.#start) / 1000;
  }

  /**
   * Opens the folder and the log, after reading the last checkpoint where the training goes on.
   *
   * @param config what config.json of a new run is to hold
   * @throws FewSoundError INVALID_ARGUMENT for a folder that is taken, or a checkpoint of another
   *   training; FILE_NOT_FOUND, FILE_FORMAT, IO
   */
  async open(resume: boolean, config: () => object): Promise<void> {
    const { files, model, trainer, course, writes } = this.#plan;
    if (resume) {
      requireResumable(files);
      if (writes) this.#folder = await openRunFolder(files);
      this.#begin = await readTrainingCheckpoint(files.last, model, trainer, course);
      this.#position = this.#begin;
      this.#saved = this.#begin;
    } else if (writes) {
      requireNewRun(files);
      this.#folder = await openRunFolder(files);
      await writeFileAtomic(files.config, `${JSON.stringify(config(), null, 2)}\n`);
    }
    if (writes) this.#log = await TrainingLog.open(files, resume ? this.#begin : undefined);
  }

  /** Gives the folder back. */
  [Symbol.dispose](): void {
    this.#folder?.[Symbol.dispose]();
  }

  /** Work with the log open, which is closed after it; the work's own error counts first. */
  async whileOpen(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      await this.#log?.close();
    } catch (error) {
      await this.#log?.close().catch(() => {});
      throw error;
    }
  }

  /**
   * @throws FewSoundError DIVERGED where loss or gradients are no finite numbers: then no update
   *   was made
   */
  requireUpdate(epoch: number, loss: number, gradientNorm: number): void {
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
    const what = Number.isFinite(loss)
      ? 'the gradients are no finite numbers'
      : `the loss is ${loss}`;
    const step = this.#position.step + 1;
    throw this.#diverged(`at step ${step} (epoch ${epoch}) ${what}; no update was made`);
  }

  /**
   * Takes an update into the position and the log.
   *
   * @throws FewSoundError IO
   */
  async updated({
    epoch,
    loss,
    gradientNorm,
    rate,
    recordings,
    begun,
  }: Update): Promise<TrainProgress> {
    const seconds = this.seconds;
    const step = this.#position.step + 1;
    this.#loss = loss;
    this.#position = { ...this.#position, step, seconds };
    const samplesPerSecond = recordings / ((performance.now() - begun) / 1000);
    await this.#log?.step({
      ...{ step, epoch, loss, ...rate, gradientNorm, samplesPerSecond, seconds },
    });
    const secondsElapsed = seconds - this.#begin.seconds;
    return {
      epoch,
      epochs: this.#plan.epochs,
      step,
      steps: this.steps,
      loss,
      learningRate: rate.learningRate,
      gradientNorm,
      samplesPerSecond,
      secondsElapsed,
      secondsLeft: (secondsElapsed / (step - this.#begin.step)) * (this.steps - step),
    };
  }

  /**
   * Before a checkpoint keeps weights that nothing can go on from.
   *
   * @throws FewSoundError DIVERGED where the loss of a validation is no finite number
   */
  requireValidation(epoch: number, loss: number): void {
    if (Number.isFinite(loss)) return;
    const { step } = this.#position;
    throw this.#diverged(
      `after step ${step} (epoch ${epoch}) the loss of the validation is ${loss}`,
    );
  }

  /**
   * Takes a validation into the position and the log.
   *
   * @param best the best validation so far, this one included
   * @throws FewSoundError IO
   */
  async validated(validation: LoggedValidation, best: TrainingPosition['best']): Promise<void> {
    const seconds = this.seconds;
    this.#position = { ...this.#position, seconds, best, validationDue: false };
    await this.#log?.validation(validation, seconds);
  }

  /**
   * Takes a warning into the log.
   *
   * @throws FewSoundError IO
   */
  async warned(warning: TrainingWarning, epoch: number): Promise<void> {
    await this.#log?.warning(warning, epoch, this.seconds);
  }

  /** The validation that is due was stopped: the training goes on with it. */
  postponeValidation(): void {
    this.#position = { ...this.#position, validationDue: true };
  }

  /**
   * Writes a checkpoint, where something has changed since the last one.
   *
   * @throws FewSoundError IO; the last checkpoint stays
   */
  async save(): Promise<void> {
    if (this.#log !== undefined && this.#position !== this.#saved) {
      // First the log: the log of a training that goes on must have all that the checkpoint has.
      await this.#log.flush();
      const { files, model, trainer, course } = this.#plan;
      await writeTrainingCheckpoint(files.last, model, trainer, course, this.#position);
    }
    this.#saved = this.#position;
  }

  /** That the signal stopped the training, with a checkpoint. */
  aborted(): FewSoundError {
    return new FewSoundError(
      'ABORTED',
      `the training was stopped after step ${this.#position.step}; go on with resume: true.`,
      { cause: this.#plan.signal?.reason },
    );
  }

  #diverged(what: string): FewSoundError {
    const { caller, files } = this.#plan;
    const { step } = this.#saved;
    const kept =
      step > 0
        ? `the checkpoint after step ${step} is kept in ${files.last}`
        : 'there was no checkpoint yet';
    return new FewSoundError(
      'DIVERGED',
      `${caller}: ${what}, and ${kept}. Lower learningRate, or set maxGradientNorm.`,
      { field: 'learningRate' },
    );
  }
}
