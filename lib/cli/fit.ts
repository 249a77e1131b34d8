import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Clip, loadClip, writeWav } from '../audio/index.js';
import { writeFileAtomic } from '../native/atomic-write.js';
import { FewSoundError } from '../native/errors.js';
import { writeReport } from '../report/index.js';
import { formatCount, formatSeconds } from '../report/numbers.js';
import { type CommandContext, type CommandResult, UsageError } from './command-context.js';
import type { FitRequest, ResumeRequest } from './fit-command.js';
import { type Fitted, fitNetwork, makeNetwork } from './fitting.js';
import { metricsText } from './metrics-text.js';
import { reportedModel, reportedRun } from './reported.js';
import { type RunConfig, readRunConfig } from './run-config.js';
import { RUN_FILES, RunFolder } from './run-folder.js';
import { defined } from './training-flags.js';
import { packageVersion } from './versions.js';

/** A fit from its beginning: `fewsound fit AUDIO`. */
export async function startFit(
  request: FitRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, model, modelOptions, recording, training } = request;
  const { samples, ...part } = recording;
  const clip = await loadClip(audio, {
    ...part,
    ...(samples !== 'all' && { samples }),
    signal: context.signal,
  });
  // Refuses bad options before a folder is made, and knows the defaults.
  const network = makeNetwork(model, modelOptions, training);
  const { seed, device, dtype, ...resolved } = network.options as Record<string, unknown>;
  network.dispose();
  const config: RunConfig = {
    fewsound: packageVersion(),
    date: new Date().toISOString(),
    audio: resolve(audio),
    recording,
    model,
    modelOptions: resolved,
    training,
  };
  const name = basename(audio, extname(audio));
  const out = request.out ?? join('fewsound-out', `${name}-${model}`);
  return runFit(
    { config, clip, out, ...defined({ checkpointEvery: request.checkpointEvery }) },
    context,
  );
}

/** A fit from where it was interrupted: `fewsound fit --resume DIR`. */
export async function resumeFit(
  { folder, audio, changes }: ResumeRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { checkpointEvery, ...training } = changes;
  const stored = await readRunConfig(join(folder, RUN_FILES.config));
  if (audio !== undefined && resolve(audio) !== stored.audio) {
    throw new UsageError(`${folder} is a fit to ${stored.audio}, not to ${resolve(audio)}.`);
  }
  const run = await RunFolder.open(folder);
  if (!existsSync(run.checkpoint)) {
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      `${run.checkpoint} is missing: the fit in ${folder} was not interrupted, or before its first step. Start it anew.`,
    );
  }
  const config = { ...stored, training: { ...stored.training, ...training } };
  // The clip as it was: the recording may have changed since.
  const clip = await loadClip(run.file('original'), { normalize: false, signal: context.signal });
  return runFit(
    { config, clip, out: folder, resume: run.checkpoint, ...defined({ checkpointEvery }) },
    context,
  );
}

interface FitRun {
  readonly config: RunConfig;
  readonly clip: Clip;
  readonly out: string;
  readonly checkpointEvery?: number;
  /** Path of the state to go on from. */
  readonly resume?: string;
}

async function runFit(run: FitRun, context: CommandContext): Promise<CommandResult> {
  const { config, clip, checkpointEvery, resume } = run;
  const folder = await RunFolder.open(run.out);
  let prepared: Promise<void> = Promise.resolve();
  try {
    await mkdir(dirname(folder.checkpoint), { recursive: true });
    const fitted = await fitNetwork(
      {
        kind: config.model,
        modelOptions: config.modelOptions,
        clip,
        training: config.training,
        checkpoint: { path: folder.checkpoint, ...defined({ every: checkpointEvery }) },
        ...defined({ resume }),
        onBegin: () => {
          prepared = prepareForInterruption(folder, config, clip);
          // Looked at below; until then a failure must not count as unhandled.
          prepared.catch(() => {});
        },
      },
      context,
    );
    try {
      await prepared;
      return await writeResults(folder, run, fitted);
    } finally {
      fitted.network.dispose();
    }
  } catch (error) {
    await prepared.catch(() => {});
    await folder.removeIfEmpty();
    throw interruptionHint(error, folder);
  }
}

/** What a later `--resume` needs beside the checkpoint. */
async function prepareForInterruption(
  folder: RunFolder,
  config: RunConfig,
  clip: Clip,
): Promise<void> {
  await writeFileAtomic(folder.file('config'), prettyJson(config));
  await writeWav(folder.file('original'), clip, { bitDepth: 32 });
}

function interruptionHint(error: unknown, folder: RunFolder): unknown {
  if (!(error instanceof FewSoundError) || error.code !== 'ABORTED') return error;
  const message = existsSync(folder.checkpoint)
    ? `interrupted. To go on: fewsound fit --resume ${folder.path}`
    : 'interrupted before the first step; nothing was written.';
  return new FewSoundError('ABORTED', message, { cause: error });
}

async function writeResults(
  folder: RunFolder,
  run: FitRun,
  fitted: Fitted,
): Promise<CommandResult> {
  const { config, clip } = run;
  const { network, result, reconstruction, metrics } = fitted;
  const { sampleRate } = clip;
  const summary = {
    model: config.model,
    parameters: network.parameterCount,
    steps: result.steps,
    loss: result.loss,
    metrics,
    seconds: result.seconds,
    secondsPerStep: result.secondsPerStep,
    device: result.device,
    threads: result.threads,
  };
  const original = { samples: clip.samples, sampleRate, source: config.audio };
  const writers = {
    reconstruction: (path: string) =>
      writeWav(path, { samples: reconstruction, sampleRate }, { bitDepth: 32 }),
    original: (path: string) => writeWav(path, clip, { bitDepth: 32 }),
    model: (path: string) => network.save(path),
    report: (path: string) =>
      writeReport(path, {
        original,
        model: reportedModel(fitted),
        run: reportedRun(config.training, result),
      }),
    metrics: (path: string) => writeFileAtomic(path, prettyJson(summary)),
    config: (path: string) => writeFileAtomic(path, prettyJson(config)),
    log: (path: string) => writeFileAtomic(path, logLines(fitted)),
  };
  const files = await folder.write(
    Object.fromEntries(
      Object.entries(writers).map(([role, write]) => [
        role,
        { name: RUN_FILES[role as keyof typeof RUN_FILES], write },
      ]),
    ) as Record<keyof typeof RUN_FILES, { name: string; write: (path: string) => Promise<void> }>,
  );
  // A finished fit is not to be resumed by mistake.
  if (run.checkpointEvery === undefined) {
    await rm(dirname(folder.checkpoint), { recursive: true, force: true });
  }
  return { json: { ...summary, files }, text: resultText(summary, folder, files) };
}

const prettyJson = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;

/** A line of JSON for each step. */
function* logLines({ result, siSnr }: Fitted): Generator<string> {
  const known = new Map(siSnr.map((entry) => [entry.step, entry.siSnr]));
  for (const [index, loss] of result.losses.entries()) {
    const step = index + 1;
    yield `${JSON.stringify({ step, loss, ...(known.has(step) && { siSnr: known.get(step) }) })}\n`;
  }
}

type FitSummary = {
  readonly parameters: number;
  readonly steps: number;
  readonly loss: number;
  readonly metrics: Fitted['metrics'];
  readonly seconds: number;
  readonly secondsPerStep: number;
};

function resultText(
  { parameters, steps, loss, metrics, seconds, secondsPerStep }: FitSummary,
  folder: RunFolder,
  files: Readonly<Record<string, string>>,
): string {
  const milliseconds = (secondsPerStep * 1000).toFixed(1);
  return [
    metricsText(metrics),
    '',
    `${formatCount(parameters)} parameters, ${formatCount(steps)} steps in ${formatSeconds(seconds)} (${milliseconds} ms a step), last loss ${loss.toPrecision(4)}`,
    '',
    `Results in ${folder.path}:`,
    ...Object.values(files).map((file) => `  ${basename(file)}`),
  ].join('\n');
}
