import { Draws } from '../data/draws.js';
import { ClassBatches, type LabeledClips, prefetch } from '../data/index.js';
import { writeFileAtomic } from '../files.js';
import { loadClassifier, type WaveformClassifier } from '../nn/index.js';
import { keepEpochWeights } from './epoch-weights.js';
import {
  type ClassifierEvaluation,
  evaluateClassifier,
  isBetterClassifier,
} from './evaluate-classifier.js';
import { type RunFiles, runFiles } from './run-files.js';
import { courseVersion, rateOfStep } from './schedule.js';
import {
  type ClassifierSetup,
  classifierCourse,
  setUpClassifier,
  type TrainClassifierOptions,
} from './train-classifier-options.js';
import { Trainer, whileNoOtherTrains } from './trainer.js';
import { TrainingRun } from './training-run.js';

/** What a training of a classifier came to. */
export interface TrainClassifierResult {
  readonly epochs: number;
  /** Updates in all. */
  readonly steps: number;
  /** Of the last batch, before the last update; NaN where a finished training was resumed. */
  readonly loss: number;
  /** The validation whose model is in `files.best`. */
  readonly best: { readonly step: number; readonly loss: number; readonly accuracy: number };
  /** The best model on the recordings that training and validation never heard. */
  readonly test: ClassifierEvaluation;
  /** How many recordings there were in each part. */
  readonly recordings: Readonly<Record<'train' | 'validation' | 'test', number>>;
  /** Of training, in all calls together. */
  readonly seconds: number;
  readonly files: RunFiles;
}

/**
 * Trains a classifier of waveforms (paper 2, section 3): Adam and cross-entropy, parts for
 * training, validation and test in which every class is alike, a validation after every epoch, and
 * the best model on the test part at the end. Updates run on a thread of their own.
 *
 * A training goes on from its last checkpoint with `resume: true`, wherever it was killed; on the
 * CPU, with as many threads, it then takes the very steps of an uninterrupted one.
 *
 * @param model is changed in place; at the end it has the weights of the last update
 * @param clips of as many samples and classes as the model
 * @throws FewSoundError INVALID_ARGUMENT, naming the option, before anything is touched; DIVERGED
 *   where the loss is no finite number, with the checkpoint before it kept; ABORTED by the signal,
 *   with a checkpoint; IO, FILE_NOT_FOUND, FILE_FORMAT
 */
export async function trainClassifier(
  model: WaveformClassifier,
  clips: LabeledClips,
  options: TrainClassifierOptions,
): Promise<TrainClassifierResult> {
  const setup = setUpClassifier(model, clips, options);
  return whileNoOtherTrains('trainClassifier', [model], () => new ClassifierTraining(setup).run());
}

/** One training in its folder. */
class ClassifierTraining {
  readonly #setup: ClassifierSetup;
  readonly #files: RunFiles;
  readonly #trainer: Trainer;
  readonly #batches: ClassBatches;
  readonly #run: TrainingRun;

  constructor(setup: ClassifierSetup) {
    const { model, clips, options, split, stepsPerEpoch } = setup;
    const { epochs, seed, shift, signal } = options;
    this.#setup = setup;
    this.#files = runFiles(options.folder);
    this.#trainer = Trainer.ofClassifier(model, options);
    this.#batches = new ClassBatches({ clips, members: split.train, seed, shift });
    this.#run = new TrainingRun({
      caller: 'trainClassifier',
      files: this.#files,
      model: {
        content: 'classifier-training',
        model,
        describe: () => model.describe(),
        tensors: () => model.stateDict(),
      },
      trainer: this.#trainer,
      course: classifierCourse(setup),
      ...{ epochs, stepsPerEpoch, signal, writes: true },
    });
  }

  async run(): Promise<TrainClassifierResult> {
    using _trainer = this.#trainer;
    using _folder = this.#run;
    const { model, clips, split, options } = this.#setup;
    await this.#run.open(options.resume, () => this.#config());
    const { sampleRate, normalize, place } = clips.options;
    model.input = { sampleRate, normalize, place, labels: clips.labels };
    await this.#run.whileOpen(async () => {
      if (this.#run.begin.step === 0) await this.#keepWeights(0);
      await this.#goThroughEpochs();
    });
    const test = await this.#test();
    const { step, best, seconds } = this.#run.position;
    return {
      epochs: options.epochs,
      steps: step,
      loss: this.#run.loss,
      best: best as TrainClassifierResult['best'],
      test,
      recordings: {
        train: split.train.length,
        validation: split.validation.length,
        test: split.test.length,
      },
      seconds,
      files: this.#files,
    };
  }

  #config(): object {
    const { model, clips, options } = this.#setup;
    const { folder: _, resume: __, signal: ___, onProgress: ____, ...rest } = options;
    const { onValidation: _____, ...training } = rest;
    return {
      version: courseVersion,
      model: { kind: model.kind, ...model.options },
      clips: { recordings: clips.length, labels: clips.labels, ...clips.options },
      training,
      begun: new Date().toISOString(),
    };
  }

  async #goThroughEpochs(): Promise<void> {
    const { options, stepsPerEpoch } = this.#setup;
    const from = this.#run.next;
    if (from.epoch >= options.epochs) return;
    const { batchSize, epochs } = options;
    const ahead = prefetch(this.#batches, { batchSize, from, epochs, reuse: true });
    for await (const { epoch, index, samples } of ahead) {
      const classes = this.#batches.classes(epoch, index, batchSize);
      await this.#step(epoch + 1, samples, classes);
      const stop = options.signal?.aborted ?? false;
      if (index === stepsPerEpoch - 1) await this.#endEpoch(epoch + 1);
      const { checkpointEvery = stepsPerEpoch } = options;
      const { step } = this.#run.position;
      const done = step === this.#run.steps;
      if (stop || done || step % checkpointEvery === 0) await this.#run.save();
      if (stop && !done) throw this.#run.aborted();
    }
  }

  async #step(epoch: number, samples: Float32Array, classes: readonly number[]): Promise<void> {
    const { options, stepsPerEpoch } = this.#setup;
    const { step } = this.#run.position;
    const begun = performance.now();
    const rate = rateOfStep({ options: { ...options, stepPer: 'batch' }, stepsPerEpoch }, step);
    const seed = new Draws(options.seed, 'dropout', 0, step + 1).below(2 ** 32);
    const batch = { recordings: samples, classes, seed };
    const { loss, gradientNorm } = await this.#trainer.step(batch, rate);
    this.#run.requireUpdate(epoch, loss, gradientNorm);
    const update = { epoch, loss, gradientNorm, rate, recordings: classes.length, begun };
    const progress = await this.#run.updated(update);
    options.onProgress?.(progress);
  }

  async #endEpoch(epoch: number): Promise<void> {
    const { model, clips, split, options } = this.#setup;
    const start = performance.now();
    const found = await evaluateClassifier(this.#trainer, clips, split.validation);
    const { loss, accuracy } = found;
    this.#run.requireValidation(epoch, loss);
    const { step, best } = this.#run.position;
    const isBest = isBetterClassifier(found, best);
    await this.#run.validated(
      { step, epoch, loss, metrics: { accuracy } },
      isBest ? { step, loss, accuracy } : best,
    );
    if (isBest) await model.save(this.#files.best);
    await this.#keepWeights(epoch);
    const seconds = (performance.now() - start) / 1000;
    await options.onValidation?.({ ...found, step, epoch, seconds, best: isBest });
  }

  async #keepWeights(epoch: number): Promise<void> {
    const { model, options } = this.#setup;
    await keepEpochWeights(this.#files.epochs, model, epoch, options.epochWeights);
  }

  /** The best model on the test part, kept in test.json too. */
  async #test(): Promise<ClassifierEvaluation> {
    const { model, clips, split, options } = this.#setup;
    using best = await loadClassifier(this.#files.best, { device: model.device });
    using trainer = Trainer.ofClassifier(best, options);
    const found = await evaluateClassifier(trainer, clips, split.test);
    const names = split.test.map((index) => clips.names[index]);
    await writeFileAtomic(this.#files.test, `${JSON.stringify({ ...found, names }, null, 2)}\n`);
    return found;
  }
}
