import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { LabelledClips, type LabelledFiles, listClasses } from '../../data/index.js';
import { createClassifier, type WaveformClassifier } from '../../nn/index.js';
import { formatMetric } from '../../report/metrics.js';
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
import { type CommandContext, type CommandResult, type Execute, UsageError } from '../command.js';
import { type DeviceName, deviceName, integerFrom } from '../flags/parsers.js';
import { chooseDevice } from '../runs/processes.js';
import { settingsOf, type TrainedClassifier, writeClassifierRunReport } from '../runs/report.js';
import { type ClassifierConfig, readClassifierConfig } from '../runs/train-config.js';
import {
  afterTrainingFailure,
  keepConfiguration,
  requireCheckpoint,
  requireFreeFolder,
  withPlace,
} from '../runs/training.js';
import { warnOfLeftOut } from '../terminal/left-out.js';
import { showProgress, trainingDisplay } from '../terminal/progress.js';

const percent = (part: number) => `${formatMetric('accuracy', part)} %`;

/** A validation in a line. */
export function classifierValidationLine(validation: ClassifierValidation): string {
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
 * @param asked threads that the training was held to; undefined: LibTorch's choice
 */
export function classifierText(
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
      epochs,
      steps,
      loss: Number.isFinite(loss) ? loss : null,
      best,
      test,
      seconds,
      device: model.device,
      threads: asked ?? threads(),
      files: { model: files.best, test: files.test, report: files.report },
    },
    text: [
      confusionTable(test.confusion),
      '',
      `accuracy ${percent(test.accuracy)} on ${formatCount(test.recordings)} recordings that training never heard, ${percent(best.accuracy ?? 0)} on those of the validation`,
      `${formatCount(model.parameterCount)} parameters, ${formatCount(steps)} steps in ${formatCount(epochs)} epochs and ${formatSeconds(seconds)}`,
      '',
      `Run in ${files.folder}; the model is ${files.best}, the report ${files.report}`,
    ].join('\n'),
  };
}

/** Rows are true classes, columns what they were taken for. */
export function confusionTable({ labels, counts }: ConfusionMatrix): string {
  return textTable(
    [{ title: 'is \\ taken for' }, ...labels.map((title) => ({ title, align: 'right' as const }))],
    labels.map((label, row) => [label, ...(counts[row] as readonly number[]).map(String)]),
  );
}

/** What the command line puts in place of what a configuration says. */
export interface ClassifierChanges {
  /** Folder of the recordings. */
  readonly folder?: string;
  readonly epochs?: number;
  readonly threads?: number;
}

/** A training of a classifier, from its beginning or from its last checkpoint. */
export interface TrainClassifierRequest {
  /** A JSON file, or the folder of a run. */
  readonly from: { readonly config: string; readonly out?: string } | { readonly run: string };
  readonly changes: ClassifierChanges;
  /** Absent: a CUDA device where there is one, else the CPU. */
  readonly device?: DeviceName;
}

interface TrainClassifierFlags extends ClassifierChanges {
  readonly out?: string;
  readonly resume?: string;
  readonly device?: DeviceName;
}

/** `fewsound train-classifier`: declares it; the work is loaded when it is called. */
export function addTrainClassifierCommand(program: Command, execute: Execute): void {
  const command = program
    .command('train-classifier')
    .argument('[config]', 'a JSON file: model, data and training (configs/classifiers holds some)')
    .summary('train a CNN that tells recordings apart by their waveform')
    .description(
      'Trains a classifier on recordings of several classes and writes a folder with checkpoints, the log, events for TensorBoard, the convolutions after every epoch, what the best model makes of recordings that training never heard, and a report of all of it.',
    )
    .usage('CONFIG.json [options]\n       fewsound train-classifier --resume RUN')
    .option('--out <folder>', 'folder of the run; default: fewsound-out/NAME of CONFIG')
    .option('--resume <folder>', 'go on with the training in this folder from its last checkpoint')
    .option('--folder <folder>', 'the recordings, in place of those in CONFIG')
    .option('--epochs <count>', 'in place of those in CONFIG', integerFrom(1))
    .option('--device <name>', 'cpu, cuda or cuda:N; default: CUDA where there is one', deviceName)
    .option('--threads <count>', "threads of the CPU; default: LibTorch's choice", integerFrom(1))
    .option('-q, --quiet', 'no progress on standard error');
  command.action((config: string | undefined) =>
    execute(command, async (context) => {
      const { out, resume, device, ...flags } = command.opts<TrainClassifierFlags>();
      const { folder, epochs, threads } = flags;
      const changes: ClassifierChanges = {
        ...(folder !== undefined && { folder }),
        ...(epochs !== undefined && { epochs }),
        ...(threads !== undefined && { threads }),
      };
      return trainClassifierRun(
        { from: originOf(config, out, resume), changes, ...(device !== undefined && { device }) },
        context,
      );
    }),
  );
}

function originOf(
  config: string | undefined,
  out: string | undefined,
  resume: string | undefined,
): TrainClassifierRequest['from'] {
  if (resume === undefined) {
    if (config !== undefined) return { config, ...(out !== undefined && { out }) };
    throw new UsageError('missing the configuration: fewsound train-classifier CONFIG.json');
  }
  if (config === undefined && out === undefined) return { run: resume };
  const what = config === undefined ? '--out cannot change' : `${config} is not read`;
  throw new UsageError(
    `${what} when a training goes on: it has what it was begun with. With --resume there can be --folder (where the same recordings lie now), --epochs (where the rate is constant), --device and --threads.`,
  );
}

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
