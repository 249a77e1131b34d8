import { basename, extname, join, resolve } from 'node:path';
import { LabeledClips, type LabeledFiles, listClasses } from '../../data/index.js';
import { formatMetric } from '../../metrics/registry.js';
import { createClassifier, type WaveformClassifier } from '../../nn/index.js';
import { formatCount, formatSeconds, textTable } from '../../report/text-table.js';
import { threads } from '../../tensor/index.js';
import {
  type ClassifierValidation,
  type ConfusionMatrix,
  type RunFiles,
  runFiles,
  type TrainClassifierOptions,
  type TrainClassifierResult,
  trainClassifier,
} from '../../train/index.js';
import { type ClassifierSetup, setUpClassifier } from '../../train/train-classifier-options.js';
import { type CommandContext, type CommandResult, defineCommand, UsageError } from '../command.js';
import {
  argument,
  type DeviceName,
  deviceFlag,
  flag,
  integerFrom,
  quietFlag,
  threadsFlag,
} from '../flags/parsers.js';
import { chooseDevice } from '../runs/processes.js';
import { type TrainedClassifier, writeClassifierRunReport } from '../runs/report.js';
import {
  type ClassifierConfig,
  configurationFile,
  readClassifierConfig,
  settingsOf,
} from '../runs/train-config.js';
import { CLASSIFIER_FILE } from '../runs/trained-model.js';
import {
  afterTrainingFailure,
  announceTraining,
  Beside,
  keepConfiguration,
  requireCheckpoint,
  requireFreeFolder,
  takeFreeFolder,
  withPlace,
} from '../runs/training.js';
import { warnOfLeftOut } from '../terminal/left-out.js';
import { counted, TRAIN_PROGRESS, withProgress } from '../terminal/progress.js';

export const trainClassifierCommand = defineCommand({
  description:
    'Trains a classifier on recordings of several classes and writes a folder with checkpoints, the log, events for TensorBoard, the convolutions after every epoch, the results of the best model on recordings that training never heard, and a report of all of it.',
  usage: 'CONFIG.json [options]\n       fewsound train-classifier --resume RUN',
  examples: [
    'fewsound train-classifier configs/classifiers/segmental-digits.json --folder recordings',
    'fewsound train-classifier --resume fewsound-out/segmental-digits',
  ],
  inputs: {
    config: argument(
      '[config]',
      'a JSON file: model, data and training (configs/classifiers holds some; one that is not here is taken from the package)',
    ),
    out: flag('--out <folder>', 'folder of the run; default: fewsound-out/NAME of CONFIG'),
    resume: flag(
      '--resume <folder>',
      'resume the training in this folder from its last checkpoint',
    ),
    folder: flag('--folder <folder>', 'the recordings, in place of those in CONFIG'),
    epochs: flag('--epochs <count>', 'in place of those in CONFIG', integerFrom(1)),
    device: deviceFlag,
    threads: threadsFlag,
    quiet: quietFlag,
  },
  async run({ config: path, out, resume: run, device, ...given }, context) {
    const resume = run !== undefined;
    if (resume && (path !== undefined || out !== undefined)) {
      const what = path === undefined ? '--out cannot change' : `${path} is not read`;
      throw new UsageError(
        `${what} when a training is resumed. With --resume, only --folder (if the same recordings have moved), --epochs (if the rate is constant), --device and --threads can be given.`,
      );
    }
    const named = resume ? join(resolve(run), CLASSIFIER_FILE) : path;
    if (named === undefined) {
      throw new UsageError('missing the configuration: fewsound train-classifier CONFIG.json');
    }
    const source = resume ? named : configurationFile(named);
    const hint = resume
      ? 'Is this the folder of a `fewsound train-classifier`?'
      : 'Give a JSON file with model, data and training; configs/classifiers holds some.';
    const { folder: recordings, epochs, threads } = given;
    const changes = { folder: recordings, epochs, threads };
    const config = await readClassifierConfig(source, hint, changes);
    const name = basename(source, extname(source));
    const files = runFiles(resolve(run ?? out ?? join('fewsound-out', name)));
    if (resume) requireCheckpoint(files, source);
    else requireFreeFolder(files, 'train-classifier');
    const asked = chooseDevice(device ?? (config.model.device as DeviceName | undefined));
    const complete = resume ? config : { name, ...config };
    return new ClassifierRun(source, complete, files, resume, asked).go(context);
  },
});

const percent = (part: number) => `${formatMetric('accuracy', part)} %`;

/** A validation in a line. */
function validationLine(validation: ClassifierValidation): string {
  const { epoch, accuracy, loss, best } = validation;
  return [
    `validation after epoch ${epoch}`,
    `accuracy ${percent(accuracy)}`,
    `loss ${loss.toPrecision(4)}`,
    ...(best ? ['best'] : []),
  ].join('  ');
}

/**
 * The result of a training of a classifier: for `--json`, and for people.
 *
 * @param asked the limit on CPU threads; undefined: LibTorch's choice
 */
function resultOf(
  name: string,
  model: WaveformClassifier,
  { epochs, steps, loss, best, test, recordings, seconds, files }: TrainClassifierResult,
  asked: number | undefined,
): CommandResult {
  return {
    json: {
      run: files.folder,
      name,
      model: model.kind,
      parameters: model.parameterCount,
      recordings,
      ...{ epochs, steps, best, test, seconds },
      loss: Number.isFinite(loss) ? loss : null,
      device: model.device,
      threads: asked ?? threads(),
      files: { model: files.best, test: files.test, report: files.report },
    },
    text: [
      confusionTable(test.confusion),
      '',
      `accuracy ${percent(test.accuracy)} on ${formatCount(test.recordings)} recordings that training never heard, ${percent(best.accuracy)} on those of the validation`,
      `${formatCount(model.parameterCount)} parameters, ${formatCount(steps)} steps in ${formatCount(epochs)} epochs and ${formatSeconds(seconds)}`,
      '',
      `Run in ${files.folder}; the model is ${files.best}, the report ${files.report}`,
    ].join('\n'),
  };
}

/** Rows are the true classes, columns the predicted ones. */
export function confusionTable({ labels, counts }: ConfusionMatrix): string {
  return textTable(
    [{ title: 'is \\ taken for' }, ...labels.map((title) => ({ title, align: 'right' as const }))],
    labels.map((label, row) => [label, ...(counts[row] as readonly number[]).map(String)]),
  );
}

/** One run of `fewsound train-classifier` in its folder. */
class ClassifierRun {
  constructor(
    /** The file that the configuration is from. */
    private readonly source: string,
    private readonly config: ClassifierConfig,
    private readonly files: RunFiles,
    private readonly resume: boolean,
    private readonly device: DeviceName,
  ) {}

  async go(context: CommandContext): Promise<CommandResult> {
    const { leftOut, ...listed } = await this.checked('data', () => listClasses(this.config.data));
    // Before the recordings are read: mistakes in the model show without them.
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
    listed: LabeledFiles,
    model: WaveformClassifier,
    context: CommandContext,
  ): Promise<LabeledClips> {
    const { shift = 0 } = this.config.training;
    return withProgress(context, '', counted('recordings read'), (display) =>
      this.checked('clips', () =>
        LabeledClips.load(listed, {
          samples: model.samples,
          ...this.config.clips,
          // The training checks what a shift may be.
          margin: Number.isInteger(shift) && shift >= 0 ? Math.min(shift, 2 ** 20) : 0,
          signal: context.signal,
          onProgress: (done, total) => display.update({ done, total }),
        }),
      ),
    );
  }

  private async train(
    model: WaveformClassifier,
    clips: LabeledClips,
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
    using _folder = this.resume ? undefined : await takeFreeFolder(this.files, 'train-classifier');
    if (!this.resume) await this.writeConfig(model);
    // The changes of a resumed training are kept once it runs.
    const configuration = new Beside(() => this.writeConfig(model));
    let result: TrainClassifierResult;
    announceTraining(context, this.files, 'train-classifier');
    try {
      result = await withProgress(context, '', TRAIN_PROGRESS, (display) => {
        display.note(
          `${model.kind}: ${formatCount(model.parameterCount)} parameters, ${formatCount(setup.split.train.length)} recordings of ${model.classes} classes to learn from, on ${model.device}: ${folder}`,
        );
        return trainClassifier(model, clips, {
          ...options,
          onProgress: (progress) => {
            if (this.resume) configuration.begin();
            display.update(progress);
          },
          onValidation: (validation) => display.note(validationLine(validation)),
        });
      });
      await configuration.end();
    } catch (error) {
      await configuration.end().catch(() => {});
      throw await afterTrainingFailure(error, this.files, 'train-classifier', () =>
        writeClassifierRunReport(run),
      );
    }
    await writeClassifierRunReport(run, result.test);
    return resultOf(run.title, model, result, training.threads);
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

  /** Work on a part of the configuration, whose errors name their place in the file. */
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
