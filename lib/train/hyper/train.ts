import type { PreparedCorpus } from '../../data/index.js';
import { prefetch } from '../../data/index.js';
import { writeFileAtomic } from '../../native/atomic-write.js';
import { FewSoundError } from '../../native/errors.js';
import { describeHyperNetwork, takeModelTensors } from '../../nn/hyper/hyper-file.js';
import type { FewSound, HyperSound } from '../../nn/index.js';
import {
  openRunFolder,
  type RunFiles,
  requireNewRun,
  requireResumable,
  runFiles,
} from '../run/run-files.js';
import type { TrainProgress, ValidationResult } from '../run/train-progress.js';
import {
  type CheckpointedModel,
  readTrainingCheckpoint,
  type TrainingPosition,
  writeTrainingCheckpoint,
} from '../run/training-checkpoint.js';
import { TrainingLog } from '../run/training-log.js';
import { lossInEpoch, rateOfStep } from './course.js';
import { HyperTrainer } from './hyper-trainer.js';
import { courseOf, setUpTraining, type TrainingSetup, type TrainOptions } from './train-options.js';
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

const training = new WeakSet<FewSound | HyperSound>();

/**
 * Trains a model that writes networks on a corpus (paper 1, section 4.2): AdamW, epochs of random crops,
 * validation, checkpoints. Updates run on a thread of their own while batches are prepared ahead.
 *
 * A training goes on from its last checkpoint with `resume: true`, wherever it was killed; on the CPU, with
 * as many threads, it then takes the very steps of an uninterrupted one.
 *
 * @param model is changed in place
 * @param corpus of the rate that the model is to learn at; stays open
 * @throws FewSoundError INVALID_ARGUMENT, naming the option, before anything is touched; DIVERGED where the loss
 *   is no finite number, with the checkpoint before it kept; ABORTED by the signal, with a checkpoint; IO,
 *   FILE_NOT_FOUND, FILE_FORMAT; PROCESS_GROUP where another process is gone
 */
export async function train(
  model: FewSound | HyperSound,
  corpus: PreparedCorpus,
  options: TrainOptions,
): Promise<TrainResult> {
  const setup = setUpTraining(model, corpus, options);
  if (training.has(model)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'train: the model is being trained already; wait for that to end, or make another model.',
      { field: 'model' },
    );
  }
  training.add(model);
  try {
    return await new Training(setup).run();
  } finally {
    training.delete(model);
  }
}

/** What a checkpoint keeps of a model. */
function checkpointed(model: FewSound | HyperSound): CheckpointedModel {
  return {
    content: 'training',
    device: model.device,
    describe: () => describeHyperNetwork(model),
    tensors: () => model.parameters(),
    take: (path, tensors, prefix) => takeModelTensors(path, model, tensors, prefix),
  };
}

/** One training in its folder. */
class Training {
  readonly #setup: TrainingSetup;
  readonly #files: RunFiles;
  readonly #trainer: HyperTrainer;
  readonly #course: object;
  readonly #steps: number;
  readonly #start = performance.now();
  /** Where this call of `train` began. */
  #begin: TrainingPosition = { step: 0, seconds: 0, best: null, validationDue: false };
  #position = this.#begin;
  #log: TrainingLog | undefined;
  #loss = Number.NaN;
  #lastValidation: ValidationResult | undefined;
  /** Where the last checkpoint is. */
  #saved = this.#begin;

  constructor(setup: TrainingSetup) {
    this.#setup = setup;
    this.#files = runFiles(setup.options.folder);
    this.#trainer = new HyperTrainer(setup.model, setup.options);
    this.#course = courseOf(setup);
    this.#steps = setup.options.epochs * setup.stepsPerEpoch;
  }

  async run(): Promise<TrainResult> {
    await this.#together(() => this.#open());
    this.#setup.model.sampleRate = this.#setup.corpus.sampleRate;
    try {
      await this.#goThroughEpochs();
      await this.#log?.close();
    } catch (error) {
      // The first error counts.
      await this.#log?.close().catch(() => {});
      throw error;
    }
    const { epochs } = this.#setup.options;
    return {
      epochs,
      steps: this.#position.step,
      loss: this.#loss,
      ...(this.#lastValidation && { validation: this.#lastValidation }),
      best: this.#position.best,
      seconds: this.#position.seconds,
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
    const { model, options, rank } = this.#setup;
    const { resume, group } = options;
    const files = this.#files;
    const first = rank === 0;
    if (resume) {
      requireResumable(files);
      if (first) await openRunFolder(files);
      this.#begin = await readTrainingCheckpoint(
        files.last,
        checkpointed(model),
        this.#trainer,
        this.#course,
      );
      this.#position = this.#begin;
      this.#saved = this.#begin;
      model.epoch = Math.ceil(this.#begin.step / this.#setup.stepsPerEpoch);
    } else if (first) {
      requireNewRun(files);
      await openRunFolder(files);
      await writeFileAtomic(files.config, this.#config());
    }
    if (first) this.#log = await TrainingLog.open(files, resume ? this.#begin : undefined);
    // Models without a seed begin differently in each process.
    if (!resume) await group?.broadcast(model.parameters().values());
  }

  #config(): string {
    const { options, stepsPerEpoch } = this.#setup;
    const { batchSize, accumulate, threads, validateEvery, validationLimit } = options;
    const config = {
      ...this.#course,
      epochs: options.epochs,
      stepsPerEpoch,
      batchSize,
      accumulate,
      processes: options.group?.size ?? 1,
      threads: threads ?? null,
      validateEvery,
      validationLimit,
      begun: new Date().toISOString(),
    };
    return `${JSON.stringify(config, null, 2)}\n`;
  }

  async #goThroughEpochs(): Promise<void> {
    const { training: batches, options, recordingsPerStep, stepsPerEpoch } = this.#setup;
    const { step } = this.#begin;
    const from = { epoch: Math.floor(step / stepsPerEpoch), index: step % stepsPerEpoch };
    if (this.#begin.validationDue) await this.#validateAtLast(from.epoch);
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
      const { step, validationDue } = this.#position;
      const done = step === this.#steps && !validationDue;
      if (stop || validationDue || done || step % checkpointEvery === 0) await this.#save();
      if ((stop || validationDue) && !done) throw this.#aborted();
    }
  }

  /** The validation that a training was stopped in. */
  async #validateAtLast(epoch: number): Promise<void> {
    await this.#endEpoch(epoch);
    if (this.#position.validationDue) throw this.#aborted();
    await this.#save();
  }

  /** One update; whether to stop after it. */
  async #step(epoch: number, samples: Float32Array): Promise<boolean> {
    const { model, options, recordingsPerStep } = this.#setup;
    const number = this.#position.step + 1;
    const start = performance.now();
    const rate = rateOfStep(this.#setup, number - 1);
    const found = await this.#trainer.step(samples, model.factorAt(epoch), rate);
    const stop = options.signal?.aborted ?? false;
    const [loss, stopping] = await this.#agree(found.loss, stop);
    if (!Number.isFinite(loss) || !Number.isFinite(found.gradientNorm)) {
      const what = Number.isFinite(loss)
        ? 'the gradients are no finite numbers'
        : `the loss is ${loss}`;
      throw this.#diverged(`at step ${number} (epoch ${epoch}) ${what}; no update was made`);
    }
    const seconds = (performance.now() - this.#start) / 1000;
    model.epoch = epoch;
    this.#loss = loss;
    this.#position = {
      ...this.#position,
      step: number,
      seconds: this.#begin.seconds + seconds,
    };
    const samplesPerSecond = recordingsPerStep / ((performance.now() - start) / 1000);
    await this.#log?.step({
      step: number,
      epoch,
      loss,
      ...rate,
      gradientNorm: found.gradientNorm,
      samplesPerSecond,
      seconds: this.#position.seconds,
    });
    const progress: TrainProgress = {
      epoch,
      epochs: options.epochs,
      step: number,
      steps: this.#steps,
      loss,
      learningRate: rate.learningRate,
      gradientNorm: found.gradientNorm,
      samplesPerSecond,
      secondsElapsed: seconds,
      secondsLeft: (seconds / (number - this.#begin.step)) * (this.#steps - number),
    };
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
    const { model, options } = this.#setup;
    if (epoch % options.validateEvery !== 0 && epoch !== options.epochs) return;
    const start = performance.now();
    const { step, best } = this.#position;
    // By the weights of the last epoch, so that validations can be compared and the best be chosen.
    this.#setLoss(options.epochs);
    const found = await validate(this.#setup, this.#trainer, epoch);
    if (found === null) {
      this.#position = { ...this.#position, validationDue: true };
      return;
    }
    const { loss, metrics, segments } = found;
    // Before a checkpoint keeps weights that nothing can go on from.
    if (!Number.isFinite(loss)) {
      throw this.#diverged(
        `after step ${step} (epoch ${epoch}) the loss of the validation is ${loss}`,
      );
    }
    const isBest = best === null || loss < best.loss;
    const seconds = this.#begin.seconds + (performance.now() - this.#start) / 1000;
    this.#position = {
      step,
      seconds,
      best: isBest ? { step, loss } : best,
      validationDue: false,
    };
    const result: ValidationResult = {
      step,
      epoch,
      loss,
      metrics,
      segments,
      seconds: (performance.now() - start) / 1000,
      best: isBest,
    };
    this.#lastValidation = result;
    await this.#log?.validation(result, seconds);
    if (isBest && this.#log !== undefined) await model.save(this.#files.best);
    options.onValidation?.(result);
  }

  async #save(): Promise<void> {
    if (this.#log !== undefined && this.#position !== this.#saved) {
      // First the log: the log of a training that goes on must have all that the checkpoint has.
      await this.#log.flush();
      const { model } = this.#setup;
      await writeTrainingCheckpoint(
        this.#files.last,
        checkpointed(model),
        this.#trainer,
        this.#course,
        this.#position,
      );
    }
    this.#saved = this.#position;
  }

  #setLoss(epoch: number): void {
    const { loss, lossRamps } = this.#setup.options;
    if (Object.values(lossRamps).every((ramp) => ramp === undefined)) return;
    this.#trainer.setLoss(lossInEpoch(loss, lossRamps, epoch));
  }

  #diverged(what: string): FewSoundError {
    const kept =
      this.#saved.step > 0
        ? `the checkpoint after step ${this.#saved.step} is kept in ${this.#files.last}`
        : 'there was no checkpoint yet';
    return new FewSoundError(
      'DIVERGED',
      `train: ${what}, and ${kept}. Lower learningRate, or set maxGradientNorm.`,
      { field: 'learningRate' },
    );
  }

  #aborted(): FewSoundError {
    return new FewSoundError(
      'ABORTED',
      `the training was stopped after step ${this.#position.step}; go on with resume: true.`,
      { cause: this.#setup.options.signal?.reason },
    );
  }
}
