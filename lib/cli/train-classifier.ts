import { basename, extname, join, resolve } from 'node:path';
import { LabelledClips, type LabelledFiles, listClasses } from '../data/index.js';
import { createClassifier, type WaveformClassifier } from '../nn/index.js';
import { formatCount } from '../report/numbers.js';
import { type ClassifierSetup, setUpClassifier } from '../train/classifier/classifier-options.js';
import {
  type RunFiles,
  runFiles,
  type TrainClassifierOptions,
  type TrainClassifierResult,
  trainClassifier,
} from '../train/index.js';
import { type ClassifierConfig, readClassifierConfig } from './classifier-config.js';
import { type TrainedClassifier, writeClassifierRunReport } from './classifier-run-report.js';
import { classifierText, classifierValidationLine } from './classifier-text.js';
import type { CommandContext, CommandResult } from './command-context.js';
import { warnOfLeftOut } from './left-out.js';
import { showProgress } from './progress-bar.js';
import { settingsOf } from './run-facts.js';
import type { TrainClassifierRequest } from './train-classifier-command.js';
import { trainingDisplay } from './training-display.js';
import { afterTrainingFailure } from './training-failure.js';
import {
  keepConfiguration,
  requireCheckpoint,
  requireFreeFolder,
  withPlace,
} from './training-folder.js';
import { chooseDevice } from './training-process.js';

/** The file of a run that holds what it was begun with, in the form of a configuration. */
export const CLASSIFIER_FILE = 'classifier.json';

/** `fewsound train-classifier`: a training from its beginning, or from its last checkpoint. */
export async function trainClassifierRun(
  { from, changes, device }: TrainClassifierRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const begun = 'run' in from;
  const source = begun ? join(resolve(from.run), CLASSIFIER_FILE) : from.config;
  const hint = begun
    ? 'Is this the folder of a `fewsound train-classifier`?'
    : 'Give a JSON file with model, data and training; configs/classifiers holds some.';
  const config = await readClassifierConfig(source, hint, changes);
  const name = basename(source, extname(source));
  const folder = resolve(begun ? from.run : (from.out ?? join('fewsound-out', name)));
  const files = runFiles(folder);
  if (begun) requireCheckpoint(files, source);
  else requireFreeFolder(files, 'train-classifier');
  const { kind, ...options } = config.model;
  const asked = device ?? (options.device as TrainClassifierRequest['device']);
  const run = new ClassifierRun(
    source,
    begun ? config : { name, ...config },
    files,
    begun,
    chooseDevice(asked),
  );
  return run.go(context);
}

/** One run of `fewsound train-classifier` in its folder. */
class ClassifierRun {
  constructor(
    /** The file that the configuration is from. */
    private readonly source: string,
    private readonly config: ClassifierConfig,
    private readonly files: RunFiles,
    private readonly resume: boolean,
    private readonly device: NonNullable<TrainClassifierRequest['device']>,
  ) {}

  async go(context: CommandContext): Promise<CommandResult> {
    const { leftOut, ...listed } = await this.checked('data', () => listClasses(this.config.data));
    // Before the recordings are read: what is wrong with the model is known without them.
    const model = await this.checked('model', async () => this.makeModel(listed.labels.length));
    try {
      warnOfLeftOut(leftOut, context);
      const clips = await this.read(listed, model, context);
      const result = await this.train(model, clips, context);
      return { ...result, json: { ...result.json, leftOut } };
    } finally {
      model.dispose();
    }
  }

  private makeModel(classes: number): WaveformClassifier {
    const { kind, ...options } = this.config.model;
    return createClassifier(kind, {
      samples: 16_000,
      classes,
      ...options,
      device: this.device,
    });
  }

  private async read(
    listed: LabelledFiles,
    model: WaveformClassifier,
    context: CommandContext,
  ): Promise<LabelledClips> {
    const display = await showProgress<{ done: number; total: number }>(context, '', {
      position: (place) => place,
      describe: ({ done, total }) => `reading recordings ${done}/${total}`,
    });
    try {
      const { shift = 0 } = this.config.training;
      return await this.checked('clips', () =>
        LabelledClips.load(listed, {
          samples: model.samples,
          ...this.config.clips,
          // What no shift can be is for the training to say.
          margin: Number.isInteger(shift) && shift >= 0 ? Math.min(shift, 2 ** 20) : 0,
          signal: context.signal,
          onProgress: (done, total) => display.update({ done, total }),
        }),
      );
    } finally {
      display.stop();
    }
  }

  private async train(
    model: WaveformClassifier,
    clips: LabelledClips,
    context: CommandContext,
  ): Promise<CommandResult> {
    const { training } = this.config;
    const { folder } = this.files;
    const options: TrainClassifierOptions = {
      ...training,
      folder,
      resume: this.resume,
      signal: context.signal,
    };
    const setup = await this.checked('training', async () =>
      setUpClassifier(model, clips, options),
    );
    const run = this.described(setup);
    if (!this.resume) await this.writeConfig(model);
    const display = await trainingDisplay(context);
    display.note(
      `${model.kind}: ${formatCount(model.parameterCount)} parameters, ${formatCount(setup.split.train.length)} recordings of ${model.classes} classes to learn from, on ${model.device}: ${folder}`,
    );
    let result: TrainClassifierResult;
    try {
      result = await trainClassifier(model, clips, {
        ...options,
        onProgress: (progress) => display.update(progress),
        onValidation: (validation) => display.note(classifierValidationLine(validation)),
      });
      if (this.resume) await this.writeConfig(model);
    } catch (error) {
      display.stop();
      throw await afterTrainingFailure(error, this.files, 'train-classifier', () =>
        writeClassifierRunReport(run),
      );
    }
    display.stop();
    await writeClassifierRunReport(run, result.test);
    return classifierText(run.title, model, result, training.threads);
  }

  private described({
    model,
    clips,
    split,
    options,
    stepsPerEpoch,
  }: ClassifierSetup): TrainedClassifier {
    const { name, comment, data } = this.config;
    const { device: _, ...architecture } = model.options;
    const { samples, sampleRate, place, normalize } = clips.options;
    return {
      title: name ?? basename(this.files.folder),
      comment,
      files: this.files,
      kind: model.kind,
      model: { kind: model.kind, parameters: model.parameterCount, ...architecture },
      recordings: {
        ...data,
        ...{ samples, sampleRate, place, normalize },
        'to learn from': split.train.length,
        'for validation': split.validation.length,
        'for test': split.test.length,
        digest: clips.digest(),
      },
      training: settingsOf(options),
      stepsPerEpoch,
      plannedSteps: options.epochs * stepsPerEpoch,
      device: model.device,
      threads: options.threads,
    };
  }

  private writeConfig(model: WaveformClassifier): Promise<void> {
    return keepConfiguration(this.files.folder, CLASSIFIER_FILE, this.config, model);
  }

  /** Work on a part of the configuration: what is wrong there is named with its place in the file. */
  private async checked<T>(
    part: 'data' | 'model' | 'clips' | 'training',
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw withPlace(error, this.source, part);
    }
  }
}
