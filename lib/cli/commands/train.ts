import { basename, extname, join, resolve } from 'node:path';
import { openCorpus, type PreparedCorpus } from '../../data/index.js';
import { FewSoundError } from '../../errors.js';
import {
  createHyperNetwork,
  type FewSound,
  type HyperSound,
  loadPosteriorgram,
  loadWhisperWeights,
} from '../../nn/index.js';
import { runsTable } from '../../report/tables.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import {
  type RunFiles,
  runFiles,
  type TrainOptions,
  train,
  type ValidationRecord,
} from '../../train/index.js';
import { setUpTraining } from '../../train/train-options.js';
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  isGiven,
  reworded,
  UsageError,
  type Values,
} from '../command.js';
import {
  argument,
  choice,
  deviceName,
  flag,
  integerFrom,
  quietFlag,
  threadsFlag,
} from '../flags/parsers.js';
import { asOneOfSeveral, chooseDevice, joinProcesses, processPlace } from '../runs/processes.js';
import { modelFacts, type TrainedRun, writeRunReport } from '../runs/report.js';
import {
  type CompleteConfig,
  changedConfig,
  configurationFile,
  readTrainConfig,
  settingsOf,
} from '../runs/train-config.js';
import { TRAIN_FILE } from '../runs/trained-model.js';
import {
  afterTrainingFailure,
  announceTraining,
  Beside,
  howToGoOn,
  keepConfiguration,
  readOutcome,
  requireCheckpoint,
  requireFreeFolder,
  type TrainingOutcome,
  takeFreeFolder,
  validationJson,
  withPlace,
} from '../runs/training.js';
import { TRAIN_PROGRESS, validationLine, withProgress } from '../terminal/progress.js';

const inputs = {
  config: argument(
    '[config]',
    'a JSON file: model, corpus and training (configs/ holds those of the paper; one that is not here is taken from the package)',
  ),
  out: flag('--out <folder>', 'folder of the run; default: fewsound-out/NAME of CONFIG'),
  resume: flag('--resume <folder>', 'resume the training in this folder from its last checkpoint'),
  corpus: flag('--corpus <folder>', 'the prepared corpus, in place of the one in CONFIG'),
  encoderWeights: flag(
    '--encoder-weights <file>',
    'weights of a Whisper (a file, or the name of one that was set up) or of a posteriorgram, in place of those in CONFIG',
  ),
  epochs: flag('--epochs <count>', 'in place of those in CONFIG', integerFrom(1)),
  precision: choice(
    '--precision <name>',
    'in place of that in CONFIG; bfloat16: encoder and hypernetwork compute in it',
    ['float32', 'bfloat16'],
  ),
  device: flag(
    '--device <name>',
    'cpu, cuda or cuda:N; default: CUDA where there is one, of several processes a device each',
    deviceName,
  ),
  threads: threadsFlag,
  backend: choice(
    '--backend <name>',
    'between processes; default: nccl for CUDA devices where it is there, else gloo',
    ['gloo', 'nccl'],
  ),
  quiet: quietFlag,
};

type Given = Values<typeof inputs>;

/** Options that decide the course of a training, which cannot change when it is resumed. */
const NOT_WITH_RESUME = ['out', 'precision', 'encoderWeights'] as const;

export const trainCommand = defineCommand({
  description:
    'Trains FewSound or HyperSound on a corpus that `fewsound prepare` made and writes a folder with checkpoints, the log, events for TensorBoard and a report. Started by torchrun, all processes train together.',
  usage: 'CONFIG.json [options]\n       fewsound train --resume RUN',
  examples: [
    'fewsound train configs/fewsound-17m-kan-vctk.json --out runs/kan',
    'fewsound train --resume runs/kan',
  ],
  inputs,
  async run(given, context, command) {
    const { config, out, resume, corpus, encoderWeights, epochs, precision, threads } = given;
    const changes = { corpus, encoderWeights, epochs, precision, threads };
    if (resume !== undefined) {
      const other = NOT_WITH_RESUME.find((name) => isGiven(command, name));
      if (config !== undefined || other !== undefined) {
        const what = config === undefined ? `--${other} cannot change` : `${config} is not read`;
        throw new UsageError(
          `${what} when a training is resumed. With --resume, only --corpus (if the same corpus has moved), --epochs (if the rate is constant), --device, --threads and --backend can be given.`,
        );
      }
      const folder = resolve(resume);
      const source = join(folder, TRAIN_FILE);
      return asOneOfSeveral(context, async () => {
        const stored = await readTrainConfig(source, 'Is this the folder of a `fewsound train`?');
        requireCheckpoint(runFiles(folder), source);
        const complete = changedConfig(source, stored, changes);
        return new HyperRun(folder, source, complete, given, true).run(context);
      });
    }
    if (config === undefined) {
      throw new UsageError('missing the configuration: fewsound train CONFIG.json');
    }
    const source = configurationFile(config);
    const name = basename(source, extname(source));
    const folder = resolve(out ?? join('fewsound-out', name));
    return asOneOfSeveral(context, async () => {
      const stored = await readTrainConfig(
        source,
        'Give a JSON file with model, corpus and training; configs/ holds those of the paper.',
      );
      requireFreeFolder(runFiles(folder), 'train');
      const complete = { name, ...changedConfig(source, stored, changes) };
      return new HyperRun(folder, source, complete, given, false).run(context);
    });
  },
});

/** The result of a training: for `--json`, and for people. */
export function trainingText(run: TrainedRun, outcome: TrainingOutcome): CommandResult {
  const { files, title, model, device, processes } = run;
  const { steps, epochs, loss, seconds, best, validation, warnings } = outcome;
  const parameters = model.parameters as number;
  return {
    json: {
      run: files.folder,
      name: title,
      model: model.kind,
      parameters,
      ...{ epochs, steps, loss },
      best: validationJson(best),
      validation: validationJson(validation),
      ...{ seconds, device, processes },
      ...(warnings.length > 0 && { warnings }),
      report: files.report,
    },
    text: [
      ...(best === null
        ? []
        : [runsTable([row('best', best), ...lastRow(outcome)], { title: 'Validation' }), '']),
      `${formatCount(parameters)} parameters, ${formatCount(steps)} steps in ${formatCount(epochs)} epochs and ${formatSeconds(seconds)}, last loss ${loss?.toPrecision(4) ?? 'not finite'}`,
      '',
      ...warnings.flatMap((warning) => [`Warning: ${warning}`, '']),
      `Run in ${files.folder}; the report is ${files.report}`,
    ].join('\n'),
  };
}

function lastRow({ best, validation }: TrainingOutcome) {
  return validation === null || validation.step === best?.step ? [] : [row('last', validation)];
}

function row(which: string, record: ValidationRecord) {
  const { kind: _, step: __, epoch, loss: ___, seconds: ____, ...metrics } = record;
  return { name: `${which}, after epoch ${epoch}`, metrics };
}

/** One run of `fewsound train` in its folder. */
class HyperRun {
  private readonly place = processPlace();
  private readonly files: RunFiles;

  constructor(
    folder: string,
    /** The file that the configuration is from. */
    private readonly source: string,
    private readonly config: CompleteConfig,
    private readonly machine: Pick<Given, 'device' | 'backend'>,
    private readonly resume: boolean,
  ) {
    this.files = runFiles(folder);
  }

  async run(context: CommandContext): Promise<CommandResult> {
    const corpus = await openCorpus(this.config.corpus.prepared);
    try {
      const model = this.makeModel();
      try {
        await this.loadEncoder(model);
        return await this.trainModel(model, corpus, context);
      } finally {
        model.dispose();
      }
    } finally {
      await corpus.close();
    }
  }

  private makeModel(): FewSound | HyperSound {
    const { kind, ...options } = this.config.model;
    const asked = this.machine.device ?? (options.device as Given['device']);
    const device = chooseDevice(asked, this.place);
    return this.checked('model', () =>
      createHyperNetwork(kind, { ...options, device }),
    ) as FewSound;
  }

  /** The weights that an encoder begins with; a checkpoint has them. */
  private async loadEncoder(model: FewSound | HyperSound): Promise<void> {
    const { encoderWeights } = this.config;
    const { kind } = model.options.encoder;
    if (encoderWeights !== undefined && !this.resume) {
      const load = kind === 'spectral' ? loadPosteriorgram : loadWhisperWeights;
      await load(model, encoderWeights);
    } else if (kind === 'whisper' && encoderWeights === undefined) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `${this.source}: encoderWeights is missing: the weights of a Whisper, which its encoder does not learn. Name a file, or one that \`fewsound setup whisper --from FILE\` keeps.`,
        { field: 'encoderWeights' },
      );
    }
  }

  private async trainModel(
    model: FewSound | HyperSound,
    corpus: PreparedCorpus,
    context: CommandContext,
  ): Promise<CommandResult> {
    const group = await joinProcesses(model.options.device, this.machine.backend);
    const options: TrainOptions = {
      ...this.config.training,
      folder: this.files.folder,
      resume: this.resume,
      signal: context.signal,
      group: group ?? undefined,
    };
    try {
      const setup = this.checked('training', () => setUpTraining(model, corpus, options));
      const run: TrainedRun = {
        title: this.config.name ?? basename(this.files.folder),
        comment: this.config.comment,
        files: this.files,
        ...modelFacts(model),
        training: settingsOf(setup.options),
        corpus,
        stepsPerEpoch: setup.stepsPerEpoch,
        plannedSteps: setup.options.epochs * setup.stepsPerEpoch,
        device: model.options.device,
        processes: this.place.size,
      };
      const begins = !this.resume && this.place.rank === 0;
      using _folder = begins ? await takeFreeFolder(this.files, 'train') : undefined;
      // It makes a folder one that can be resumed.
      if (begins) await this.writeConfig(model);
      await this.trainWith(model, corpus, options, run, context);
      await group?.close();
      // Room for the best model.
      model.dispose();
      return this.place.rank === 0 ? await this.result(run) : { json: {}, text: '' };
    } catch (error) {
      group?.dispose();
      throw error;
    }
  }

  private async trainWith(
    model: FewSound | HyperSound,
    corpus: PreparedCorpus,
    options: TrainOptions,
    run: TrainedRun,
    context: CommandContext,
  ): Promise<void> {
    const quiet = context.quiet || this.place.rank > 0;
    // The changes of a resumed training are kept once it runs.
    const configuration = new Beside(() => this.writeConfig(model));
    announceTraining({ ...context, quiet }, this.files, 'train');
    try {
      await withProgress({ ...context, quiet }, '', TRAIN_PROGRESS, (display) => {
        display.note(
          `${formatCount(model.parameterCount)} parameters, ${formatCount(corpus.train.length)} segments for training, on ${run.device}${run.processes > 1 ? ` and ${run.processes - 1} more` : ''}: ${this.files.folder}`,
        );
        return train(model, corpus, {
          ...options,
          onProgress: (progress) => {
            if (this.resume && this.place.rank === 0) configuration.begin();
            display.update(progress);
          },
          onValidation: (result) => display.note(validationLine(result)),
          onWarning: ({ message }) => display.note(`warning: ${message}`),
        });
      });
      await configuration.end();
    } catch (error) {
      await configuration.end().catch(() => {});
      throw await this.afterFailure(error, run);
    }
  }

  private writeConfig(model: FewSound | HyperSound): Promise<void> {
    return keepConfiguration(this.files.folder, TRAIN_FILE, this.config, model);
  }

  private async result(run: TrainedRun): Promise<CommandResult> {
    const outcome = await readOutcome(this.files);
    await writeRunReport(run, outcome);
    return trainingText(run, outcome);
  }

  private async afterFailure(error: unknown, run: TrainedRun): Promise<unknown> {
    if (error instanceof FewSoundError && error.code === 'PROCESS_GROUP') {
      const goOn = howToGoOn(this.files, 'train');
      return reworded(error, `${error.message} ${goOn}`);
    }
    if (this.place.rank > 0) return error;
    return afterTrainingFailure(error, this.files, 'train', () => this.result(run));
  }

  /** Work on a part of the configuration, whose errors name their place in the file. */
  private checked<T>(part: 'model' | 'training', work: () => T): T {
    try {
      return work();
    } catch (error) {
      // Options of the model of which only the corpus shows that they do not fit.
      const ofModel =
        error instanceof FewSoundError && /^(samples|encoder)/.test(error.field ?? '');
      throw withPlace(error, this.source, ofModel ? 'model' : part);
    }
  }
}
