import { basename, extname, join, resolve } from 'node:path';
import { openCorpus, type PreparedCorpus } from '../data/index.js';
import { FewSoundError } from '../native/errors.js';
import {
  createHyperNetwork,
  type FewSound,
  type HyperNetwork,
  type HyperSound,
} from '../nn/index.js';
import { formatCount } from '../report/numbers.js';
import { setUpTraining } from '../train/hyper/train-options.js';
import { type RunFiles, runFiles, type TrainOptions, train } from '../train/index.js';
import type { CommandContext, CommandResult, SilentResult } from './command-context.js';
import { settingsOf } from './run-facts.js';
import { modelFacts, type TrainedRun, writeRunReport } from './run-report.js';
import type { ResumeTrainingRequest, TrainMachine, TrainRequest } from './train-command.js';
import { type CompleteConfig, changedConfig, readTrainConfig } from './train-config.js';
import { TRAIN_FILE } from './trained-model.js';
import { trainingDisplay, validationLine } from './training-display.js';
import { afterTrainingFailure } from './training-failure.js';
import {
  howToGoOn,
  keepConfiguration,
  requireCheckpoint,
  requireFreeFolder,
  withPlace,
} from './training-folder.js';
import { readOutcome } from './training-outcome.js';
import { asOneOfSeveral, chooseDevice, joinProcesses, processPlace } from './training-process.js';
import { trainingText } from './training-text.js';

type Result = Promise<CommandResult | SilentResult>;

/** A training from its beginning: `fewsound train CONFIG.json`. */
export function startTraining(request: TrainRequest, context: CommandContext): Result {
  const { config: path, changes, machine } = request;
  const name = basename(path, extname(path));
  const folder = resolve(request.out ?? join('fewsound-out', name));
  return asOneOfSeveral(context, async () => {
    const config = await readTrainConfig(
      path,
      'Give a JSON file with model, corpus and training; configs/ holds those of the paper.',
    );
    requireFreeFolder(runFiles(folder), 'train');
    const complete = changedConfig(path, config, changes);
    return new HyperRun(folder, path, { name, ...complete }, machine, false).run(context);
  });
}

/** A training from its last checkpoint: `fewsound train --resume RUN`. */
export function resumeTraining(
  { folder: path, changes, machine }: ResumeTrainingRequest,
  context: CommandContext,
): Result {
  const folder = resolve(path);
  const source = join(folder, TRAIN_FILE);
  return asOneOfSeveral(context, async () => {
    const config = await readTrainConfig(source, 'Is this the folder of a `fewsound train`?');
    requireCheckpoint(runFiles(folder), source);
    const complete = changedConfig(source, config, changes);
    return new HyperRun(folder, source, complete, machine, true).run(context);
  });
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
    private readonly machine: TrainMachine,
    private readonly resume: boolean,
  ) {
    this.files = runFiles(folder);
  }

  async run(context: CommandContext): Promise<CommandResult> {
    const corpus = await openCorpus(this.config.corpus.prepared);
    try {
      const model = this.makeModel();
      try {
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
    const asked = this.machine.device ?? (options.device as TrainMachine['device']);
    const device = chooseDevice(asked, this.place);
    return this.checked('model', () =>
      createHyperNetwork(kind, { ...options, device }),
    ) as FewSound;
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
      ...(group !== null && { group }),
    };
    try {
      const setup = this.checked('training', () => setUpTraining(model, corpus, options));
      const run: TrainedRun = {
        title: this.config.name ?? basename(this.files.folder),
        ...(this.config.comment !== undefined && { comment: this.config.comment }),
        files: this.files,
        ...modelFacts(model),
        training: settingsOf(setup.options),
        corpus,
        stepsPerEpoch: setup.stepsPerEpoch,
        plannedSteps: setup.options.epochs * setup.stepsPerEpoch,
        device: model.options.device,
        processes: this.place.size,
      };
      // A folder with this file can be resumed; one that is resumed has it.
      if (!this.resume && this.place.rank === 0) await this.writeConfig(model);
      await this.goThrough(model, corpus, options, run, context);
      await group?.close();
      // Room for the best model.
      model.dispose();
      return this.place.rank === 0 ? await this.result(run) : { json: {}, text: '' };
    } catch (error) {
      group?.dispose();
      throw error;
    }
  }

  private async goThrough(
    model: FewSound | HyperSound,
    corpus: PreparedCorpus,
    options: TrainOptions,
    run: TrainedRun,
    context: CommandContext,
  ): Promise<void> {
    const quiet = context.quiet || this.place.rank > 0;
    const display = await trainingDisplay({ ...context, quiet });
    display.note(
      `${formatCount(model.parameterCount)} parameters, ${formatCount(corpus.train.length)} segments for training, on ${run.device}${run.processes > 1 ? ` and ${run.processes - 1} more` : ''}: ${this.files.folder}`,
    );
    let begun: Promise<void> | undefined;
    try {
      await train(model, corpus, {
        ...options,
        onProgress: (progress) => {
          // What a resumed training has otherwise is kept once it is known to go on.
          if (this.resume && this.place.rank === 0) begun ??= this.writeConfig(model);
          display.update(progress);
        },
        onValidation: (result) => display.note(validationLine(result)),
        onWarning: ({ message }) => display.note(`warning: ${message}`),
      });
      display.stop();
      await begun;
    } catch (error) {
      display.stop();
      await begun?.catch(() => {});
      throw await this.afterFailure(error, run);
    }
  }

  private writeConfig(model: HyperNetwork): Promise<void> {
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
      return new FewSoundError('PROCESS_GROUP', `${error.message} ${goOn}`, { cause: error });
    }
    if (this.place.rank > 0) return error;
    return afterTrainingFailure(error, this.files, 'train', () => this.result(run));
  }

  /** Work on a part of the configuration: what is wrong there is named with its place in the file. */
  private checked<T>(part: 'model' | 'training', work: () => T): T {
    try {
      return work();
    } catch (error) {
      // How much a model hears is its own option, though only the corpus tells that it is too much.
      const ofModel = error instanceof FewSoundError && error.field === 'samples';
      throw withPlace(error, this.source, ofModel ? 'model' : part);
    }
  }
}
