import type { PreparedCorpus } from '../data/index.js';
import { prefetch } from '../data/index.js';
import { FewSoundError } from '../errors.js';
import type { FewSound, HyperSound } from '../nn/index.js';
import { type TrainingWarning, tellWarning } from './fit-options.js';
import { type RunFiles, runFiles } from './run-files.js';
import { rateOfStep } from './schedule.js';
import {
  courseOf,
  lossInEpoch,
  setUpTraining,
  type TrainingSetup,
  type TrainOptions,
} from './train-options.js';
import { Trainer, whileNoOtherTrains } from './trainer.js';
import type { ValidationResult } from './training-run.js';
import { TrainingRun } from './training-run.js';
import { validate } from './validate.js';

/** What a training came to. */
export interface TrainResult {
  readonly epochs: number;
  /** Updates in all. */
  readonly steps: number;
  /** Of the last batch, before the last update. */
  readonly loss: number;
  /** After the last epoch; absent where a finished training was resumed. */
  readonly validation?: ValidationResult;
  /** The validation whose model is in `files.best`. */
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** Of training, in all calls together. */
  readonly seconds: number;
  readonly files: RunFiles;
}

/**
 * Trains a model that writes networks on a corpus (paper 1, section 4.2): AdamW, epochs of random
 * crops, validation, checkpoints. Updates run on a thread of their own while batches are prepared
 * ahead.
 *
 * A training goes on from its last checkpoint with `resume: true`, wherever it was killed; on the
 * CPU, with as many threads, it then takes the very steps of an uninterrupted one.
 *
 * @param model is changed in place
 * @param corpus of the rate that the model is to learn at; stays open
 * @throws FewSoundError INVALID_ARGUMENT, naming the option, before anything is touched; DIVERGED
 *   where the loss is no finite number, with the checkpoint before it kept; ABORTED by the signal,
 *   with a checkpoint; IO, FILE_NOT_FOUND, FILE_FORMAT; PROCESS_GROUP where another process is gone
 */
export async function train(
  model: FewSound | HyperSound,
  corpus: PreparedCorpus,
  options: TrainOptions,
): Promise<TrainResult> {
  const setup = setUpTraining(model, corpus, options);
  return whileNoOtherTrains('train', [model], () => new Training(setup).run());
}

/** One training in its folder. */
class Training {
  readonly #setup: TrainingSetup;
  readonly #files: RunFiles;
  readonly #trainer: Trainer;
  readonly #run: TrainingRun;
  #lastValidation: ValidationResult | undefined;
  /** Recordings of which the last validation made a constant. */
  #constant = 0;

  constructor(setup: TrainingSetup) {
    const { model, options, stepsPerEpoch, rank } = setup;
    this.#setup = setup;
    this.#files = runFiles(options.folder);
    this.#trainer = Trainer.ofHyperNetwork(model, options);
    this.#run = new TrainingRun({
      caller: 'train',
      files: this.#files,
      model: {
        content: 'training',
        model,
        describe: () => model.describe(),
        tensors: () => model.stateDict(),
      },
      trainer: this.#trainer,
      course: courseOf(setup),
      epochs: options.epochs,
      stepsPerEpoch,
      signal: options.signal,
      writes: rank === 0,
    });
  }

  async run(): Promise<TrainResult> {
    using _trainer = this.#trainer;
    using _folder = this.#run;
    await this.#open();
    this.#setup.model.sampleRate = this.#setup.corpus.sampleRate;
    await this.#run.whileOpen(() => this.#goThroughEpochs());
    const { step, best, seconds } = this.#run.position;
    return {
      epochs: this.#setup.options.epochs,
      steps: step,
      loss: this.#run.loss,
      ...(this.#lastValidation && { validation: this.#lastValidation }),
      best,
      seconds,
      files: this.#files,
    };
  }

  /** Work of which all processes must know whether it failed in one of them. */
  async #together(work: () => Promise<void>): Promise<void> {
    const { group } = this.#setup.options;
    if (group === undefined) return work();
    const failure = await work().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const failed = await group.any(failure !== undefined);
    if (failure !== undefined) throw failure.error;
    if (failed) {
      throw new FewSoundError(
        'PROCESS_GROUP',
        'train: another process could not begin; its own message says why.',
      );
    }
  }

  async #open(): Promise<void> {
    const { model, options, stepsPerEpoch } = this.#setup;
    const { resume, group } = options;
    await this.#together(() => this.#run.open(resume, () => this.#config()));
    if (resume) model.epoch = Math.ceil(this.#run.begin.step / stepsPerEpoch);
    // Models without a seed begin differently in each process.
    else await group?.broadcast(model.stateDict().values());
  }

  #config(): object {
    const { options, stepsPerEpoch } = this.#setup;
    const { batchSize, accumulate, threads, validateEvery, validationLimit } = options;
    const { validationMetrics, checkpointEvery = stepsPerEpoch } = options;
    return {
      ...courseOf(this.#setup),
      epochs: options.epochs,
      stepsPerEpoch,
      batchSize,
      accumulate,
      processes: options.group?.size ?? 1,
      threads: threads ?? null,
      validateEvery,
      validationLimit,
      validationMetrics,
      checkpointEvery,
      prefetch: options.prefetch,
      begun: new Date().toISOString(),
    };
  }

  async #goThroughEpochs(): Promise<void> {
    const { training: batches, options, recordingsPerStep, stepsPerEpoch } = this.#setup;
    const from = this.#run.next;
    if (this.#run.begin.validationDue) await this.#validateAtLast(from.epoch);
    if (from.epoch >= options.epochs) return;
    this.#setLoss(from.epoch + 1);
    const ahead = prefetch(batches, {
      batchSize: recordingsPerStep,
      depth: options.prefetch,
      from,
      epochs: options.epochs,
      reuse: true,
    });
    for await (const { epoch, index, samples } of ahead) {
      if (index === 0) this.#setLoss(epoch + 1);
      const stop = await this.#step(epoch + 1, samples);
      if (index === stepsPerEpoch - 1) await this.#endEpoch(epoch + 1);
      const { checkpointEvery = stepsPerEpoch } = options;
      const { step, validationDue } = this.#run.position;
      const done = step === this.#run.steps && !validationDue;
      if (stop || validationDue || done || step % checkpointEvery === 0) await this.#run.save();
      if ((stop || validationDue) && !done) throw this.#run.aborted();
    }
  }

  /** The validation that a training was stopped in. */
  async #validateAtLast(epoch: number): Promise<void> {
    // Also where other options have none after this epoch.
    await this.#validate(epoch);
    if (this.#run.position.validationDue) throw this.#run.aborted();
    await this.#run.save();
  }

  /** One update; whether to stop after it. */
  async #step(epoch: number, samples: Float32Array): Promise<boolean> {
    const { model, options, recordingsPerStep: recordings } = this.#setup;
    const begun = performance.now();
    const rate = rateOfStep(this.#setup, this.#run.position.step);
    const { batchSize } = options;
    const batch = { recordings: samples, batchSize, factor: model.factorAt(epoch) };
    const { loss: own, gradientNorm } = await this.#trainer.step(batch, rate);
    const [loss, stopping] = await this.#agree(own, options.signal?.aborted ?? false);
    this.#run.requireUpdate(epoch, loss, gradientNorm);
    model.epoch = epoch;
    const update = { epoch, loss, gradientNorm, rate, recordings, begun };
    const progress = await this.#run.updated(update);
    options.onProgress?.(progress);
    return stopping;
  }

  /** The mean loss of all processes, and whether one of them is to stop. */
  async #agree(loss: number, stop: boolean): Promise<[loss: number, stop: boolean]> {
    const { group } = this.#setup.options;
    if (group === undefined) return [loss, stop];
    const [sum = Number.NaN, stops = 0] = await group.sum([loss, stop ? 1 : 0]);
    return [sum / group.size, stops > 0];
  }

  async #endEpoch(epoch: number): Promise<void> {
    const { validateEvery, epochs } = this.#setup.options;
    if (epoch % validateEvery === 0 || epoch === epochs) await this.#validate(epoch);
  }

  async #validate(epoch: number): Promise<void> {
    const { model, options, rank } = this.#setup;
    const start = performance.now();
    // By the weights of the last epoch, so that validations can be compared and the best be chosen.
    this.#setLoss(options.epochs);
    const found = await validate(this.#setup, this.#trainer, epoch);
    if (found === null) return this.#run.postponeValidation();
    const { constant, ...means } = found;
    this.#run.requireValidation(epoch, found.loss);
    const { step, best } = this.#run.position;
    const isBest = best === null || found.loss < best.loss;
    const result: ValidationResult = {
      step,
      epoch,
      ...means,
      seconds: (performance.now() - start) / 1000,
      best: isBest,
    };
    this.#lastValidation = result;
    await this.#run.validated(result, isBest ? { step, loss: found.loss } : best);
    if (isBest && rank === 0) await model.save(this.#files.best);
    options.onValidation?.(result);
    await this.#watchOutputs(epoch, constant, found.segments);
  }

  /** Warns where written networks have become constant: once, until they are not. */
  async #watchOutputs(epoch: number, constant: number, segments: number): Promise<void> {
    const before = this.#constant;
    this.#constant = constant;
    if (constant === 0 || before > 0) return;
    const { step } = this.#run.position;
    const { maxUpdate, onWarning } = this.#setup.options;
    const warning: TrainingWarning = {
      code: 'CONSTANT_OUTPUT',
      step,
      message: `after step ${step} (epoch ${epoch}) the networks that the model writes for ${constant} of ${segments} validation recordings are constant: all units of a layer are off, and what no gradient reaches does not come back. Begin again with a lower learningRate or schedule.divFactor${maxUpdate > 0 ? ', or a smaller maxUpdate' : ', or with maxUpdate: 0.02'}.`,
    };
    await this.#run.warned(warning, epoch);
    if (this.#setup.rank === 0 || onWarning !== undefined) tellWarning(warning, onWarning);
  }

  #setLoss(epoch: number): void {
    const { loss, lossRamps } = this.#setup.options;
    if (Object.values(lossRamps).every((ramp) => ramp === undefined)) return;
    this.#trainer.setLoss(lossInEpoch(loss, lossRamps, epoch));
  }
}
