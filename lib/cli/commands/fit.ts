import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { loadClip, writeWav } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { writeFileAtomic } from '../../files.js';
import { writeReport } from '../../report/index.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import { type CommandContext, type CommandResult, type Execute, UsageError } from '../command.js';
import { addModelFlags, KINDS, type Kind, modelOptions } from '../flags/networks.js';
import { integerFrom } from '../flags/parsers.js';
import {
  addRecordingFlags,
  type RecordingSettings,
  recordingSettings,
} from '../flags/recording.js';
import {
  addTrainingFlags,
  defined,
  type TrainingSettings,
  trainingSettings,
} from '../flags/training.js';
import { packageVersion } from '../machine.js';
import { prettyJson, type RunConfig, readRunConfig } from '../runs/fit-config.js';
import {
  type CheckedFitting,
  checkFitting,
  type Fitted,
  fitNetwork,
  reportedModel,
  reportedRun,
  summarise,
} from '../runs/fitting.js';
import { type FileWriter, RUN_FILES, RunFolder } from '../runs/folder.js';
import { metricsText } from '../terminal/metrics.js';

/** A fit from its beginning. */
export interface FitRequest {
  readonly audio: string;
  readonly model: Kind;
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly recording: RecordingSettings;
  readonly training: TrainingSettings;
  /** Folder for the results. */
  readonly out?: string;
  /** Steps between two checkpoints; absent: one only when the fit is interrupted. */
  readonly checkpointEvery?: number;
}

/** A fit from where it was interrupted: what was set then, and what is to change. */
export interface ResumeRequest {
  /** The folder of the interrupted fit. */
  readonly folder: string;
  readonly audio?: string;
  readonly changes: {
    readonly steps?: number;
    readonly threads?: number;
    readonly checkpointEvery?: number;
  };
}

/** Options that make sense beside --resume; everything else is as it was. */
const WITH_RESUME = new Set(['resume', 'steps', 'threads', 'checkpointEvery', 'json', 'quiet']);

/** `fewsound fit`: declares it; the work is loaded when it is called. */
export function addFitCommand(program: Command, execute: Execute): void {
  const command = program
    .command('fit')
    .argument('[audio]', 'recording to learn: wav, flac, mp3, ogg or opus')
    .summary('fit a network to a recording')
    .description(
      'Fits a network to a recording and writes a folder with the reconstruction, the model and a report.',
    )
    .usage('AUDIO [options]\n       fewsound fit --resume DIR')
    .addOption(new Option('--model <name>', 'the network').choices(KINDS).default('kan'))
    .option('--out <folder>', 'folder for the results; default: fewsound-out/NAME-MODEL')
    .option('--resume <folder>', 'go on with the interrupted fit in this folder')
    .option(
      '--checkpoint-every <steps>',
      'save the state of the training this often',
      integerFrom(1),
    )
    .option('-q, --quiet', 'no progress on standard error');
  addRecordingFlags(command, { all: true });
  addTrainingFlags(command);
  addModelFlags(command);
  command.action((audio: string | undefined) =>
    execute(command, async (context: CommandContext) => {
      const { out, resume, checkpointEvery, model } = command.opts<{
        out?: string;
        resume?: string;
        checkpointEvery?: number;
        model: Kind;
      }>();
      if (resume !== undefined) {
        const request = resumeRequest(command, resume, audio);
        return resumeFit(request, context);
      }
      if (audio === undefined) throw new UsageError('missing the recording: fewsound fit AUDIO');
      const request: FitRequest = {
        audio,
        model,
        modelOptions: modelOptions(command, [model]).get(model) ?? {},
        recording: recordingSettings(command),
        training: trainingSettings(command),
        ...(out !== undefined && { out }),
        ...(checkpointEvery !== undefined && { checkpointEvery }),
      };
      return startFit(request, context);
    }),
  );
}

function resumeRequest(command: Command, folder: string, audio: string | undefined): ResumeRequest {
  const given = command.options.filter(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  const other = given.find((option) => !WITH_RESUME.has(option.attributeName()));
  if (other) {
    throw new UsageError(
      `${other.long} cannot change when a fit goes on; with --resume there can be --steps, --threads and --checkpoint-every.`,
    );
  }
  const changes = Object.fromEntries(
    ['steps', 'threads', 'checkpointEvery']
      .filter((name) => command.getOptionValueSource(name) === 'cli')
      .map((name) => [name, command.getOptionValue(name) as number]),
  );
  return { folder, changes, ...(audio !== undefined && { audio }) };
}

/** A fit from its beginning: `fewsound fit AUDIO`. */
export async function startFit(
  request: FitRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, model, modelOptions, recording, training, checkpointEvery } = request;
  const { samples, ...part } = recording;
  const clip = await loadClip(audio, {
    ...part,
    ...(samples !== 'all' && { samples }),
    signal: context.signal,
  });
  const inPieces = samples === 'all';
  const fitting = checkFitting({ kind: model, modelOptions, clip, inPieces, training });
  const config: RunConfig = {
    fewsound: packageVersion(),
    date: new Date().toISOString(),
    audio: resolve(audio),
    recording: { ...recording, sampleRate: clip.sampleRate },
    model,
    modelOptions: fitting.resolvedModel,
    training: { ...training, learningRate: fitting.resolvedTraining.learningRate },
    fitOptions: fitting.resolvedTraining,
  };
  const name = basename(audio, extname(audio));
  const folder = await RunFolder.open(request.out ?? join('fewsound-out', `${name}-${model}`));
  await folder.removeCheckpoints();
  return new FitRun(folder, config, fitting, checkpointEvery).run(context);
}

/** A fit from where it was interrupted: `fewsound fit --resume DIR`. */
export async function resumeFit(
  { folder: path, audio, changes }: ResumeRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { checkpointEvery, ...training } = changes;
  const stored = await readRunConfig(join(path, RUN_FILES.config));
  if (audio !== undefined && resolve(audio) !== stored.audio) {
    throw new UsageError(`${path} is a fit to ${stored.audio}, not to ${resolve(audio)}.`);
  }
  const folder = await RunFolder.open(path);
  if (folder.checkpoints().size === 0) {
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      `${folder.checkpointFolder} holds no checkpoint: the fit in ${path} is finished, or was interrupted before its first step. Start it anew.`,
    );
  }
  const config = { ...stored, training: { ...stored.training, ...training } };
  // The clip as it was: the recording may have changed since.
  const original = await loadClip(folder.file('original'), {
    normalize: false,
    signal: context.signal,
  });
  const fitting = checkFitting({
    kind: config.model,
    modelOptions: config.modelOptions,
    clip: original,
    inPieces: config.recording.samples === 'all',
    training: config.training,
  });
  return new FitRun(folder, config, fitting, checkpointEvery).run(context);
}

/** One run of `fewsound fit` in its folder. */
class FitRun {
  private prepared: Promise<void> | undefined;
  /** Files that `prepare` made and that were not there before. */
  private made: string[] = [];

  constructor(
    private readonly folder: RunFolder,
    private readonly config: RunConfig,
    private readonly fitting: CheckedFitting,
    private readonly checkpointEvery: number | undefined,
  ) {}

  async run(context: CommandContext): Promise<CommandResult> {
    const { folder, fitting } = this;
    try {
      const existing = folder.checkpoints();
      await folder.makeCheckpointFolder();
      const fitted = await fitNetwork(fitting, context, {
        checkpoints: {
          folder: folder.checkpointFolder,
          existing,
          ...defined({ every: this.checkpointEvery }),
        },
        onBegin: () => {
          // Awaited below; until then a failure must not count as unhandled.
          this.prepare().catch(() => {});
        },
      });
      try {
        await this.prepared;
        return await this.writeResults(fitted);
      } finally {
        fitted.network.dispose();
      }
    } catch (error) {
      throw await this.afterFailure(error);
    }
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

  /** Leaves what can be resumed and nothing else; gives the error to throw. */
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
    const message = resumable
      ? `interrupted. To go on: fewsound fit --resume ${folder.path}`
      : 'interrupted before the first step; there is nothing to go on from.';
    return new FewSoundError('ABORTED', message, { cause: error });
  }

  private async writeResults(fitted: Fitted): Promise<CommandResult> {
    const { folder, config } = this;
    const { clip, resolvedTraining } = this.fitting;
    const { network, pieces, reconstruction, metrics } = fitted;
    const { losses: _, ...course } = summarise(pieces);
    const summary = {
      model: config.model,
      parameters: network.parameterCount,
      steps: course.steps,
      loss: course.loss,
      metrics,
      seconds: course.seconds,
      secondsPerStep: course.secondsPerStep,
      device: course.device,
      threads: course.threads,
      ...(pieces.length > 1 && { pieces: pieces.length }),
      ...(course.warnings.length > 0 && { warnings: course.warnings }),
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
          run: reportedRun(resolvedTraining, course),
        }),
      metrics: (path) => writeFileAtomic(path, prettyJson(summary)),
      config: (path) => writeFileAtomic(path, prettyJson(config)),
      log: (path) => writeFileAtomic(path, logLines(fitted)),
    };
    const files = await folder.write(writers, RUN_FILES);
    // A finished fit is not to be resumed by mistake.
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
      const entry = { ...piece, step, loss, ...(known.has(step) && { siSnr: known.get(step) }) };
      yield `${JSON.stringify(entry)}\n`;
    }
  }
}

interface FitSummary {
  readonly parameters: number;
  readonly steps: number;
  readonly loss: number;
  readonly metrics: Fitted['metrics'];
  readonly seconds: number;
  readonly secondsPerStep: number;
  readonly warnings?: readonly string[];
}

function resultText(
  { parameters, steps, loss, metrics, seconds, secondsPerStep, warnings = [] }: FitSummary,
  folder: RunFolder,
  files: Readonly<Record<string, string>>,
): string {
  const milliseconds = (secondsPerStep * 1000).toFixed(1);
  return [
    metricsText(metrics),
    '',
    `${formatCount(parameters)} parameters, ${formatCount(steps)} steps in ${formatSeconds(seconds)} (${milliseconds} ms a step), last loss ${loss.toPrecision(4)}`,
    '',
    ...warnings.flatMap((warning) => [`Warning: ${warning}`, '']),
    `Results in ${folder.path}:`,
    ...Object.values(files).map((file) => `  ${basename(file)}`),
  ].join('\n');
}
