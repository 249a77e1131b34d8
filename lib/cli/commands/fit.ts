import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadClip, writeWav } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { makeFolder, writeFileAtomic } from '../../files.js';
import { formatMetric } from '../../metrics/registry.js';
import { defined } from '../../options.js';
import { writeReport } from '../../report/index.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import { isTransparent, type RecipeName, recipeFor, recipeNames } from '../../train/index.js';
import { networksOf, recipesOf, usualRecipe } from '../../train/recipes.js';
import { type OpenStart, openStart } from '../../train/start.js';
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  isGiven,
  reworded,
  toJsonLine,
  UsageError,
  type Values,
} from '../command.js';
import { addModelFlags, KINDS, modelOptions } from '../flags/networks.js';
import { argument, choice, flag, integerFrom, quietFlag } from '../flags/parsers.js';
import { wholeRecordingFlags } from '../flags/recording.js';
import { fitPlaces, recipeSettings, trainingFlags, trainingSettings } from '../flags/training.js';
import { packageVersion } from '../machine.js';
import {
  type CheckedFitting,
  checkFitting,
  type Fitted,
  fitNetwork,
  type RunConfig,
  readRunConfig,
  reportedModel,
  reportedRun,
  summarize,
} from '../runs/fitting.js';
import { type FileWriter, prettyJson, RUN_FILES, RunFolder } from '../runs/folder.js';
import { findStart } from '../runs/trained-model.js';
import { requireNoTraining } from '../runs/training.js';
import { measureYardstick, type Yardstick, yardstickJson } from '../runs/yardstick.js';
import { announce } from '../terminal/announce.js';
import { metricsText, yardstickText } from '../terminal/metrics.js';
import { watchFlags, withPage } from '../terminal/page.js';

/** Flags that can be given with --resume; everything else stays as it was. */
const WITH_RESUME = new Set([
  ...['resume', 'steps', 'threads', 'checkpointEvery', 'json', 'quiet'],
  ...Object.keys(watchFlags),
]);

const inputs = {
  audio: argument('[audio]', 'recording to learn: wav, flac, mp3, ogg or opus'),
  model: choice('--model <name>', 'the network', KINDS, 'kan'),
  recipe: choice(
    '--recipe <name>',
    "how a KAN (by quick and best also a FINER) is fitted: paper (the paper's loss and rate), quick (the best sound in some 20 s), best (in about a minute), transparent (wider networks in turn, until one sounds like the original); default: quick, or paper where network options, loss, schedule or learning rate are given, and of other networks",
    recipeNames,
  ),
  from: flag(
    '--from <model>',
    'begin with the network that a FewSound model writes for the recording, or with a network: the file of either, or the folder of a run; it says what the network is, and which length and rate recordings have',
  ),
  out: flag('--out <folder>', 'folder for the results; default: fewsound-out/NAME-MODEL'),
  resume: flag('--resume <folder>', 'resume the interrupted fit in this folder'),
  checkpointEvery: flag(
    '--checkpoint-every <steps>',
    'save the state of the training this often',
    integerFrom(1),
  ),
  quiet: quietFlag,
  ...watchFlags,
  ...wholeRecordingFlags,
  ...trainingFlags,
};

type Given = Values<typeof inputs>;

export const fitCommand = defineCommand({
  description:
    'Fits a network to a recording and writes a folder with the reconstruction, the model and a report. The defaults below are those of --recipe paper; a KAN without options of network, loss, schedule or learning rate is fitted by --recipe quick, which sets its own.',
  usage: 'AUDIO [options]\n       fewsound fit --resume DIR',
  examples: [
    'fewsound fit speech.flac',
    'fewsound fit speech.flac --recipe best --sample-rate 22050 --out speech',
    'fewsound fit speech.flac --model siren --steps 2000',
  ],
  inputs,
  addFlags: addModelFlags,
  async run(given, context, command) {
    const { audio, model, resume } = given;
    if (resume !== undefined) {
      const other = command.options.find((option) => {
        const name = option.attributeName();
        return isGiven(command, name) && !WITH_RESUME.has(name);
      });
      if (other) {
        throw new UsageError(
          `${other.long} cannot change when a fit is resumed. With --resume, only --steps, --threads and --checkpoint-every can be given.`,
        );
      }
      // Where it is not given it has its default, which the fit may not have been started with.
      const { steps, threads } = trainingSettings(given);
      const changes = { steps: isGiven(command, 'steps') ? steps : undefined, threads };
      return withPage(given, resume, context, (watched) =>
        resumeFit(resume, given, changes, watched),
      );
    }
    if (audio === undefined) throw new UsageError('missing the recording: fewsound fit AUDIO');
    if (given.watch && given.samples === 'all') {
      throw new UsageError('--watch shows one network; it is not for --samples all.');
    }
    const own = modelOptions(command, [model]).get(model) ?? {};
    if (given.from === undefined) {
      return withPage(given, audio, context, (watched) =>
        startFit(audio, given, { own }, watched, command),
      );
    }
    if (Object.keys(own).length > 0 || isGiven(command, 'model')) {
      throw new UsageError('--from brings the network; leave out --model and its options.');
    }
    if (given.samples === 'all') {
      throw new UsageError('--from begins one network; give --samples, or leave it out.');
    }
    using start = await openStart(await findStart(given.from));
    return await withPage(given, audio, context, (watched) =>
      startFit(audio, given, { start }, watched, command),
    );
  },
});

/** Options of the network, or what brings it. */
interface Beginning {
  readonly own?: Readonly<Record<string, unknown>>;
  readonly start?: OpenStart;
}

async function startFit(
  audio: string,
  given: Given,
  { own = {}, start }: Beginning,
  context: CommandContext,
  command: Command,
): Promise<CommandResult> {
  const { offset, channel, device, dtype, checkpointEvery } = given;
  // A start is for clips of its own length and rate.
  const samples = isGiven(command, 'samples') ? given.samples : (start?.samples ?? given.samples);
  const inPieces = samples === 'all';
  const clip = await loadClip(audio, {
    samples: inPieces ? undefined : samples,
    sampleRate: given.sampleRate ?? start?.sampleRate,
    ...{ offset, channel, signal: context.signal },
  });
  using network = (await start?.networkFor(clip))?.to({ device, dtype });
  const { kind: model, options: modelOptions } = network ?? { kind: given.model, options: own };
  const name = chooseRecipe({ ...given, model }, own, command);
  const recipe = recipeFor(name, model);
  const training = recipeSettings(given, recipe, command);
  const [fitting, ...wider] = networksOf(recipe, modelOptions).map((own) =>
    checkFitting({
      ...{ kind: model, modelOptions: { ...own }, clip, inPieces, training },
      ...(network && { start: network }),
    }),
  ) as [CheckedFitting, ...CheckedFitting[]];
  if (name !== 'paper' && !context.json && !context.quiet) {
    context.stderr.write(`Recipe ${name}, version ${recipe.version}: ${recipe.meaning}\n`);
  }
  const config: RunConfig = {
    fewsound: packageVersion(),
    date: new Date().toISOString(),
    audio: resolve(audio),
    recording: { samples, sampleRate: clip.sampleRate, offset, channel },
    recipe: { name, version: recipe.version },
    ...(start && { from: { path: resolve(given.from as string), kind: start.kind } }),
    model,
    modelOptions: fitting.resolvedModel,
    ...(wider.length > 0 && { wider: wider.map(({ resolvedModel }) => resolvedModel) }),
    training: { ...training, learningRate: fitting.resolvedTraining.learningRate },
    fitOptions: fitting.resolvedTraining,
  };
  const source = basename(audio, extname(audio));
  const out = given.out ?? join('fewsound-out', `${source}-${model}`);
  requireNoTraining(out);
  const folder = await RunFolder.open(out);
  using _occupied = folder.occupy();
  await folder.removeCheckpoints();
  return await new FitRun(folder, config, fitting, wider, checkpointEvery).run(context);
}

/** Flags of `fit` that leave the recipe as it is. */
const BESIDE_RECIPE = /^(steps|threads|earlyStop\..*)$/;

/** The recipe that is given, or the usual one of a network of which nothing else is said. */
function chooseRecipe(
  { recipe, model, from }: Given,
  modelOptions: Readonly<Record<string, unknown>>,
  command: Command,
): RecipeName {
  if (recipe === 'transparent' && from !== undefined) {
    throw new UsageError('--recipe transparent has networks of its own; --from brings one.');
  }
  if (recipe !== undefined) {
    if (recipesOf(model).includes(recipe)) return recipe;
    throw new UsageError(
      `--recipe ${recipe} is not for ${model}, which has ${recipesOf(model).join(', ')}.`,
    );
  }
  const ofItsOwn =
    Object.keys(modelOptions).length > 0 ||
    fitPlaces.some((place) => !BESIDE_RECIPE.test(place) && isGiven(command, place));
  return ofItsOwn ? 'paper' : usualRecipe(model);
}

async function resumeFit(
  path: string,
  { audio, checkpointEvery }: Given,
  changes: { steps: number | undefined; threads: number | undefined },
  context: CommandContext,
): Promise<CommandResult> {
  const stored = await readRunConfig(join(path, RUN_FILES.config));
  if (audio !== undefined && resolve(audio) !== stored.audio) {
    throw new UsageError(`${path} is a fit to ${stored.audio}, not to ${resolve(audio)}.`);
  }
  const folder = await RunFolder.open(path);
  using _occupied = folder.occupy();
  if (folder.checkpoints().size === 0) {
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      `${folder.checkpointFolder} holds no checkpoint: the fit in ${path} is finished, or was interrupted before its first step. Start a new one.`,
    );
  }
  const training = { ...stored.training, ...defined(changes) };
  // The clip as it was: the recording may have changed since.
  const clip = await loadClip(folder.file('original'), {
    normalize: false,
    signal: context.signal,
  });
  const { model: kind } = stored;
  const inPieces = stored.recording.samples === 'all';
  const [fitting, ...wider] = [stored.modelOptions, ...(stored.wider ?? [])].map((modelOptions) =>
    checkFitting({ kind, modelOptions, clip, inPieces, training }),
  ) as [CheckedFitting, ...CheckedFitting[]];
  const config = { ...stored, training, fitOptions: fitting.resolvedTraining };
  return await new FitRun(folder, config, fitting, wider, checkpointEvery).run(context);
}

/** One run of `fewsound fit` in its folder. */
class FitRun {
  private prepared: Promise<void> | undefined;
  /** Files that `prepare` wrote and that were not there before. */
  private made: string[] = [];
  /** Of a network before the one that learns. */
  private hasResults = false;

  /** @param wider to go on to, in turn, until a fit is transparent */
  constructor(
    private readonly folder: RunFolder,
    private config: RunConfig,
    private fitting: CheckedFitting,
    private wider: readonly CheckedFitting[],
    private readonly checkpointEvery: number | undefined,
  ) {}

  async run(context: CommandContext): Promise<CommandResult> {
    const { path } = this.folder;
    const { report, reconstruction, model } = RUN_FILES;
    announce(
      context,
      `${path}: ${report}, ${reconstruction}, ${model} and more`,
      `to go on: fewsound fit --resume ${path}`,
    );
    try {
      for (;;) {
        const fitted = await this.fit(context);
        try {
          await this.prepared;
          const [next, ...others] = this.wider;
          const stopped =
            context.signal.aborted ||
            fitted.pieces.some(({ result }) => result.stoppedBy === 'asked');
          const written = await this.writeResults(fitted);
          if (next === undefined || stopped || isTransparent(fitted.metrics)) return written;
          if (!context.json && !context.quiet) context.stderr.write(`${attemptText(fitted)}\n`);
          await this.goOnTo(next, others);
        } finally {
          fitted.network.dispose();
        }
      }
    } catch (error) {
      throw await this.afterFailure(error);
    }
  }

  private async fit(context: CommandContext): Promise<Fitted> {
    const { folder, fitting } = this;
    const resume = folder.checkpoints().size > 0;
    await makeFolder(folder.checkpointFolder);
    return fitNetwork(fitting, context, {
      checkpoints: { folder: folder.checkpointFolder, every: this.checkpointEvery, resume },
      onBegin: () => {
        // Awaited by `run`; until then a failure must not count as unhandled.
        this.prepare().catch(() => {});
      },
    });
  }

  /** Results are written; from its first step on the folder is that of the next network. */
  private async goOnTo(next: CheckedFitting, others: readonly CheckedFitting[]): Promise<void> {
    await this.folder.removeCheckpoints();
    this.config = {
      ...{ ...this.config, modelOptions: next.resolvedModel },
      wider: others.map(({ resolvedModel }) => resolvedModel),
    };
    [this.fitting, this.wider, this.prepared] = [next, others, undefined];
    [this.made, this.hasResults] = [[], true];
  }

  /** Writes what a later `--resume` needs beside the checkpoint; once. */
  private prepare(): Promise<void> {
    this.prepared ??= (async () => {
      const [config, original] = [this.folder.file('config'), this.folder.file('original')];
      this.made = [config, original].filter((path) => !existsSync(path));
      await writeFileAtomic(config, prettyJson(this.config));
      await writeWav(original, this.fitting.clip, { bitDepth: 32 });
    })();
    return this.prepared;
  }

  /** Leaves what can be resumed and nothing else; returns the error to throw. */
  private async afterFailure(error: unknown): Promise<unknown> {
    const { folder } = this;
    await this.prepared?.catch(() => {});
    const resumable = folder.checkpoints().size > 0;
    const aborted = error instanceof FewSoundError && error.code === 'ABORTED';
    if (!resumable) {
      for (const path of this.made) await rm(path, { force: true });
      await folder.removeIfEmpty();
    } else if (aborted) {
      await this.prepare();
    }
    if (!aborted) return error;
    const before = this.hasResults ? `the results so far are in ${folder.path}` : '';
    const message = resumable
      ? `interrupted. To resume: fewsound fit --resume ${folder.path}`
      : `interrupted before the first step; ${before || 'there is nothing to resume'}.`;
    return reworded(error, message);
  }

  private async writeResults(fitted: Fitted): Promise<CommandResult> {
    const { folder, config } = this;
    const { clip, resolvedTraining } = this.fitting;
    const { network, pieces, reconstruction, metrics } = fitted;
    const { losses: _, ...course } = summarize(pieces);
    const yardstick = await measureYardstick(clip, network.parameterCount);
    const { steps, loss, seconds, secondsPerStep, device, threads, warnings } = course;
    const summary = {
      model: config.model,
      parameters: network.parameterCount,
      ...{ steps, loss, metrics, seconds, secondsPerStep, device, threads },
      yardstick: yardstickJson(yardstick),
      ...(pieces.length > 1 && { pieces: pieces.length }),
      ...(warnings.length > 0 && { warnings }),
    };
    const { samples, sampleRate } = clip;
    const writers: Record<keyof typeof RUN_FILES, FileWriter> = {
      reconstruction: (path) =>
        writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
      original: (path) => writeWav(path, clip, { bitDepth: 32 }),
      model: (path) => network.save(path),
      report: (path) =>
        writeReport(path, {
          original: { samples, sampleRate, source: config.audio },
          model: reportedModel(fitted),
          yardstick,
          run: reportedRun(
            { ...resolvedTraining, ...(config.from && { from: config.from.path }) },
            course,
          ),
        }),
      metrics: (path) => writeFileAtomic(path, prettyJson(summary)),
      config: (path) => writeFileAtomic(path, prettyJson(config)),
      log: (path) => writeFileAtomic(path, logLines(fitted)),
    };
    const files = await folder.write(writers, RUN_FILES);
    // A finished fit must not be resumed by mistake.
    if (this.checkpointEvery === undefined) await folder.removeCheckpoints();
    return { json: { ...summary, files }, text: resultText(summary, folder, files) };
  }
}

/** A line of JSON for each step; of a recording in pieces for each step of each. */
function* logLines({ pieces }: Fitted): Generator<string> {
  for (const [index, { result, siSnr }] of pieces.entries()) {
    const known = new Map(siSnr.map((entry) => [entry.step, entry.siSnr]));
    const piece = pieces.length > 1 ? { piece: index } : {};
    for (const [before, loss] of result.losses.entries()) {
      const step = before + 1;
      yield toJsonLine({ ...piece, step, loss, siSnr: known.get(step) });
    }
  }
}

/** Why a recipe goes on. */
function attemptText({ network, metrics }: Fitted): string {
  const { siSnr, pesq } = metrics;
  return `${formatCount(network.parameterCount)} parameters: SI-SNR ${formatMetric('siSnr', siSnr)} dB, PESQ ${formatMetric('pesq', pesq)}; going on with a wider network.`;
}

interface FitSummary {
  readonly parameters: number;
  readonly steps: number;
  readonly loss: number;
  readonly metrics: Fitted['metrics'];
  readonly seconds: number;
  readonly secondsPerStep: number;
  readonly yardstick: Pick<Yardstick, 'coefficients' | 'metrics'>;
  readonly warnings?: readonly string[];
}

function resultText(
  {
    parameters,
    steps,
    loss,
    metrics,
    seconds,
    secondsPerStep,
    yardstick,
    warnings = [],
  }: FitSummary,
  folder: RunFolder,
  files: Readonly<Record<string, string>>,
): string {
  const milliseconds = (secondsPerStep * 1000).toFixed(1);
  return [
    metricsText(metrics),
    '',
    yardstickText(yardstick),
    '',
    `${formatCount(parameters)} parameters, ${formatCount(steps)} steps in ${formatSeconds(seconds)} (${milliseconds} ms a step), last loss ${loss.toPrecision(4)}`,
    '',
    ...warnings.flatMap((warning) => [`Warning: ${warning}`, '']),
    `Results in ${folder.path}:`,
    ...Object.values(files).map((file) => `  ${basename(file)}`),
  ].join('\n');
}
