import { Draws } from '../../data/draws.js';
import { ClassBatches, type LabelledClips, prefetch } from '../../data/index.js';
import { writeFileAtomic } from '../../native/atomic-write.js';
import { FewSoundError } from '../../native/errors.js';
import { loadClassifier, type WaveformClassifier } from '../../nn/index.js';
import { describeClassifier, takeClassifierTensors } from '../../nn/waveform/classifier-file.js';
import { rateOfStep } from '../hyper/course.js';
import {
  openRunFolder,
  type RunFiles,
  requireNewRun,
  requireResumable,
  runFiles,
} from '../run/run-files.js';
import type { TrainProgress } from '../run/train-progress.js';
import {
  type CheckpointedModel,
  readTrainingCheckpoint,
  type TrainingPosition,
  writeTrainingCheckpoint,
} from '../run/training-checkpoint.js';
import { TrainingLog } from '../run/training-log.js';
import {
  type ClassifierSetup,
  classifierCourse,
  setUpClassifier,
  type TrainClassifierOptions,
} from './classifier-options.js';
import { ClassifierTrainer } from './classifier-trainer.js';
import { keepEpochWeights } from './epoch-weights.js';
import { type ClassifierEvaluation, evaluateClassifier } from './evaluate-classifier.js';

/** What a training of a classifier came to. */
export interface TrainClassifierResult {
  readonly epochs: number;
  /** Updates in all. */
  readonly steps: number;
  /** Of the last batch, before the last update; NaN where a finished training was resumed. */
  readonly loss: number;
  /** The validation whose model is in `files.best`. */
  readonly best: { readonly step: number; readonly loss: number; readonly accuracy?: number };
  /** The best model on the recordings that training and validation never heard. */
  readonly test: ClassifierEvaluation;
  /** How many recordings there were in each part. */
  readonly recordings: Readonly<Record<'train' | 'validation' | 'test', number>>;
  /** Of training, in all calls together. */
  readonly seconds: number;
  readonly files: RunFiles;
}

const training = new WeakSet<WaveformClassifier>();

/**
 * Trains a classifier of waveforms (paper 2, section 3): Adam and cross-entropy, parts for training, validation and test in
 * which every class is alike, a validation after every epoch, and the best model on the test part at the end. Updates run
 * on a thread of their own.
 *
 * A training goes on from its last checkpoint with `resume: true`, wherever it was killed; on the CPU, with as many
 * threads, it then takes the very steps of an uninterrupted one.
 *
 * @param model is changed in place; at the end it has the weights of the last update
 * @param clips of as many samples and classes as the model
 * @throws FewSoundError INVALID_ARGUMENT, naming the option, before anything is touched; DIVERGED where the loss is no finite
 *   number, with the checkpoint before it kept; ABORTED by the signal, with a checkpoint; IO, FILE_NOT_FOUND, FILE_FORMAT
 */
export async function trainClassifier(
  model: WaveformClassifier,
  clips: LabelledClips,
  options: TrainClassifierOptions,
): Promise<TrainClassifierResult> {
  const setup = setUpClassifier(model, clips, options);
  if (training.has(model)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'trainClassifier: the model is being trained already; wait for that to end, or make another model.',
      { field: 'model' },
    );
  }
  training.add(model);
  try {
    return await new ClassifierTraining(setup).run();
  } finally {
    training.delete(model);
  }
}

/** What a checkpoint keeps of a classifier. */
function checkpointed(model: WaveformClassifier): CheckpointedModel {
  return {
    content: 'classifier-training',
    device: model.device,
    describe: () => describeClassifier(model),
    tensors: () => model.stateDict(),
    take: (path, tensors, prefix) => takeClassifierTensors(path, model, tensors, prefix),
  };
}

/** One training in its folder. */
class ClassifierTraining {
  readonly #setup: ClassifierSetup;
  readonly #files: RunFiles;
  readonly #trainer: ClassifierTrainer;
  readonly #course: object;
  readonly #batches: ClassBatches;
  readonly #steps: number;
  readonly #start = performance.now();
  /** Where this call began. */
  #begin: TrainingPosition = { step: 0, seconds: 0, best: null, validationDue: false };
  #position = this.#begin;
  #loss = Number.NaN;
  /** The update that the last checkpoint has. */
  #saved = 0;

  constructor(setup: ClassifierSetup) {
    const { model, clips, options, split } = setup;
    this.#setup = setup;
    this.#files = runFiles(options.folder);
    this.#trainer = new ClassifierTrainer(model, options);
    this.#course = classifierCourse(setup);
    this.#steps = options.epochs * setup.stepsPerEpoch;
    const { seed, shift } = options;
    this.#batches = new ClassBatches({ clips, members: split.train, seed, shift });
  }

  async run(): Promise<TrainClassifierResult> {
    const { model, clips, split, options } = this.#setup;
    const log = await this.#open();
    const { sampleRate, normalize, place } = clips.options;
    model.listening = { sampleRate, normalize, place, labels: clips.labels };
    try {
      if (this.#begin.step === 0) await this.#keepWeights(0);
      await this.#goThroughEpochs(log);
      await log.close();
    } catch (error) {
      // The first error counts.
      await log.close().catch(() => {});
      throw error;
    }
    const test = await this.#test();
    return {
      epochs: options.epochs,
      steps: this.#position.step,
      loss: this.#loss,
      best: this.#position.best as TrainClassifierResult['best'],
      test,
      recordings: {
        train: split.train.length,
        validation: split.validation.length,
        test: split.test.length,
      },
      seconds: this.#position.seconds,
      files: this.#files,
    };
  }

  async #open(): Promise<TrainingLog> {
    const { model, options } = this.#setup;
    const files = this.#files;
    if (options.resume) {
      requireResumable(files);
      await openRunFolder(files);
      this.#begin = await readTrainingCheckpoint(
        files.last,
        checkpointed(model),
        this.#trainer,
        this.#course,
      );
      this.#position = this.#begin;
      this.#saved = this.#begin.step;
      return TrainingLog.open(files, this.#begin);
    }
    requireNewRun(files);
    await openRunFolder(files);
    await writeFileAtomic(files.config, this.#configuration());
    return TrainingLog.open(files);
  }

  #configuration(): string {
    const { model, clips, options } = this.#setup;
    const { folder: _, resume: __, signal: ___, onProgress: ____, ...rest } = options;
    const { onValidation: _____, ...training } = rest;
    const config = {
      model: { kind: model.kind, ...model.options },
      clips: { recordings: clips.length, labels: clips.labels, ...clips.options },
      training,
      begun: new Date().toISOString(),
    };
    return `${JSON.stringify(config, null, 2)}\n`;
  }

  async #goThroughEpochs(log: TrainingLog): Promise<void> {
    const { options, stepsPerEpoch } = this.#setup;
    const { step } = this.#begin;
    const from = { epoch: Math.floor(step / stepsPerEpoch), index: step % stepsPerEpoch };
    if (from.epoch >= options.epochs) return;
    const { batchSize, epochs } = options;
    const ahead = prefetch(this.#batches, { batchSize, from, epochs, reuse: true });
    for await (const { epoch, index, samples } of ahead) {
      const classes = this.#batches.classes(epoch, index, batchSize);
      await this.#step(log, epoch + 1, samples, classes);
      const stop = options.signal?.aborted ?? false;
      if (index === stepsPerEpoch - 1) await this.#endEpoch(log, epoch + 1);
      const { checkpointEvery = stepsPerEpoch } = options;
      const done = this.#position.step === this.#steps;
      if (stop || done || this.#position.step % checkpointEvery === 0) await this.#save(log);
      if (stop && !done) throw this.#aborted();
    }
  }

  async #step(
    log: TrainingLog,
    epoch: number,
    samples: Float32Array,
    classes: readonly number[],
  ): Promise<void> {
    const { options, stepsPerEpoch } = this.#setup;
    const number = this.#position.step + 1;
    const start = performance.now();
    const rate = rateOfStep(
      { options: { ...options, stepPer: 'batch' }, stepsPerEpoch },
      number - 1,
    );
    const dropout = new Draws(options.seed, 'dropout', 0, number).below(2 ** 32);
    const found = await this.#trainer.step(samples, classes, rate, dropout);
    const { loss, gradientNorm } = found;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      const what = Number.isFinite(loss)
        ? 'the gradients are no finite numbers'
        : `the loss is ${loss}`;
      throw this.#diverged(`at step ${number} (epoch ${epoch}) ${what}; no update was made`);
    }
    const seconds = this.#seconds();
    this.#loss = loss;
    this.#position = { ...this.#position, step: number, seconds };
    const samplesPerSecond = classes.length / ((performance.now() - start) / 1000);
    await log.step({ step: number, epoch, ...found, ...rate, samplesPerSecond, seconds });
    const secondsElapsed = seconds - this.#begin.seconds;
    const progress: TrainProgress = {
      epoch,
      epochs: options.epochs,
      step: number,
      steps: this.#steps,
      loss,
      learningRate: rate.learningRate,
      gradientNorm,
      samplesPerSecond,
      secondsElapsed,
      secondsLeft: (secondsElapsed / (number - this.#begin.step)) * (this.#steps - number),
    };
    options.onProgress?.(progress);
  }

  async #endEpoch(log: TrainingLog, epoch: number): Promise<void> {
    const { model, clips, split, options } = this.#setup;
    const start = performance.now();
    const found = await evaluateClassifier(this.#trainer, clips, split.validation);
    const { step, best } = this.#position;
    const { loss, accuracy } = found;
    // Before a checkpoint keeps weights that nothing can go on from.
    if (!Number.isFinite(loss)) {
      throw this.#diverged(
        `after step ${step} (epoch ${epoch}) the loss of the validation is ${loss}`,
      );
    }
    const before = best?.accuracy ?? -1;
    const isBest = accuracy > before || (accuracy === before && loss < (best?.loss ?? Infinity));
    const seconds = this.#seconds();
    this.#position = {
      ...this.#position,
      seconds,
      best: isBest ? { step, loss, accuracy } : best,
    };
    await log.validation({ step, epoch, loss, metrics: { accuracy } }, seconds);
    if (isBest) await model.save(this.#files.best);
    await this.#keepWeights(epoch);
    const validation = (performance.now() - start) / 1000;
    await options.onValidation?.({ ...found, step, epoch, seconds: validation, best: isBest });
  }

  async #keepWeights(epoch: number): Promise<void> {
    const { model, options } = this.#setup;
    await keepEpochWeights(this.#files.epochs, model, epoch, options.epochWeights);
  }

  async #save(log: TrainingLog): Promise<void> {
    const { step } = this.#position;
    if (step !== this.#saved) {
      // First the log: the log of a training that goes on must have all that the checkpoint has.
      await log.flush();
      await writeTrainingCheckpoint(
        this.#files.last,
        checkpointed(this.#setup.model),
        this.#trainer,
        this.#course,
        this.#position,
      );
    }
    this.#saved = step;
  }

  /** The best model on the test part, kept in test.json too. */
  async #test(): Promise<ClassifierEvaluation> {
    const { model, clips, split, options } = this.#setup;
    using best = await loadClassifier(this.#files.best, { device: model.device });
    const found = await evaluateClassifier(new ClassifierTrainer(best, options), clips, split.test);
    const names = split.test.map((index) => clips.names[index]);
    await writeFileAtomic(this.#files.test, `${JSON.stringify({ ...found, names }, null, 2)}\n`);
    return found;
  }

  /** Of training, in all calls together. */
  #seconds(): number {
    return this.#begin.seconds + (performance.now() - this.#start) / 1000;
  }

  #diverged(what: string): FewSoundError {
    const kept =
      this.#saved > 0
        ? `the checkpoint after step ${this.#saved} is kept in ${this.#files.last}`
        : 'there was no checkpoint yet';
    return new FewSoundError(
      'DIVERGED',
      `trainClassifier: ${what}, and ${kept}. Lower learningRate, or set maxGradientNorm.`,
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
