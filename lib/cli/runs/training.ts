import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FewSoundError } from '../../errors.js';
import { makeFolder, writeFileAtomic } from '../../files.js';
import { occupy, requireUnoccupied } from '../../folder-lock.js';
import { formatCount } from '../../report/text-table.js';
import {
  type MetricsRecord,
  type RunFiles,
  readMetricsLog,
  runFiles,
  type ValidationRecord,
} from '../../train/index.js';
import { type CommandContext, reworded } from '../command.js';
import { announce } from '../terminal/announce.js';
import { prettyJson } from './folder.js';
import { CLASSIFIER_FILE, TRAIN_FILE } from './trained-model.js';

/** The state of a training, from its log. */
export interface TrainingOutcome {
  readonly records: readonly MetricsRecord[];
  /** Updates done. */
  readonly steps: number;
  readonly epochs: number;
  /** Of the last batch. */
  readonly loss: number | null;
  /** Of training, without interruptions. */
  readonly seconds: number;
  /** The validation whose model is kept. */
  readonly best: ValidationRecord | null;
  /** The last validation. */
  readonly validation: ValidationRecord | null;
  readonly warnings: readonly string[];
}

/** Whether a validation is better than the best one before it. */
export type IsBetter = (record: ValidationRecord, best: ValidationRecord | null) => boolean;

const ofLowerLoss: IsBetter = ({ loss }, best) =>
  best === null || (loss !== null && loss < (best.loss ?? Number.POSITIVE_INFINITY));

/**
 * @param isBetter the rule by which a model is kept. Default: a lower loss
 * @throws FewSoundError what `readMetricsLog` throws
 */
export async function readOutcome(
  { metrics }: RunFiles,
  isBetter = ofLowerLoss,
): Promise<TrainingOutcome> {
  const records = await readMetricsLog(metrics);
  let best: ValidationRecord | null = null;
  let validation: ValidationRecord | null = null;
  let last: MetricsRecord | undefined;
  let loss: number | null = null;
  const warnings: string[] = [];
  for (const record of records) {
    last = record;
    if (record.kind === 'step') {
      loss = record.loss;
      continue;
    }
    if (record.kind === 'warning') {
      warnings.push(record.message);
      continue;
    }
    validation = record;
    if (isBetter(record, best)) best = record;
  }
  const { step: steps = 0, epoch: epochs = 0, seconds = 0 } = last ?? {};
  return { records, steps, epochs, loss, seconds, best, validation, warnings };
}

/** A validation as results show it: its place, its loss, and means of the metrics. */
export function validationJson(record: ValidationRecord | null): object | null {
  if (record === null) return null;
  const { kind: _, step, epoch, loss, seconds: __, ...metrics } = record;
  return { step, epoch, loss, metrics };
}

/** Commands that train into the folder of a run. */
export type TrainingCommand = 'train' | 'train-classifier';

/**
 * @throws FewSoundError INVALID_ARGUMENT for a folder that already holds a run; IO where another
 *   process trains there
 */
export function requireFreeFolder(
  { folder, last, metrics, config }: RunFiles,
  command: TrainingCommand,
): void {
  const taken = [last, metrics, config].find((path) => existsSync(path));
  if (taken === undefined) return;
  requireUnoccupied(folder);
  const remedy = existsSync(last)
    ? `Resume it with fewsound ${command} --resume ${folder}, or choose another folder with --out.`
    : 'It ended before its first checkpoint: remove it, or choose another folder with --out.';
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${folder} already holds a run (${basename(taken)}). ${remedy}`,
    { field: 'out' },
  );
}

/**
 * Takes the folder of a new run, before anything is written to it.
 *
 * @returns gives it back
 * @throws FewSoundError what {@link requireFreeFolder} throws
 */
export async function takeFreeFolder(
  files: RunFiles,
  command: TrainingCommand,
): Promise<Disposable> {
  await makeFolder(files.folder, { field: 'out' });
  const taken = occupy(files.folder);
  try {
    // Another process may have been here since it was looked at.
    requireFreeFolder(files, command);
    return taken;
  } catch (error) {
    taken[Symbol.dispose]();
    throw error;
  }
}

/** @throws FewSoundError INVALID_ARGUMENT for the folder of a training */
export function requireNoTraining(folder: string): void {
  const configurations = [TRAIN_FILE, CLASSIFIER_FILE].map((name) => join(folder, name));
  const taken = [runFiles(folder).last, ...configurations].find((path) => existsSync(path));
  if (taken === undefined) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${folder} holds a training (${basename(taken)}). Choose another folder with --out.`,
    { field: 'out' },
  );
}

/**
 * @param source the configuration that the run was started with
 * @throws FewSoundError FILE_NOT_FOUND for a folder without a checkpoint; IO where another process
 *   trains there
 */
export function requireCheckpoint({ folder, last }: RunFiles, source: string): void {
  if (existsSync(last)) return;
  requireUnoccupied(folder);
  throw new FewSoundError(
    'FILE_NOT_FOUND',
    `${folder} holds no checkpoint: the training ended before its first one. Remove the folder and start again; ${source} was its configuration.`,
  );
}

/** What to do after a training that was not finished; a command ends without a period. */
export function howToGoOn({ folder, last }: RunFiles, command: TrainingCommand): string {
  return existsSync(last)
    ? `To resume: fewsound ${command} --resume ${folder}`
    : `There is no checkpoint to resume from: remove ${folder} and start again.`;
}

/** Says before a training what it writes, and how to go on. */
export function announceTraining(
  context: CommandContext,
  { folder }: RunFiles,
  command: TrainingCommand,
): void {
  announce(
    context,
    `${folder}: checkpoints, metrics.jsonl, report.html`,
    `after a checkpoint to go on: fewsound ${command} --resume ${folder}`,
  );
}

/**
 * Keeps what a run was started with: the configuration, with every option of the model, drawn and
 * default ones included.
 *
 * @param name of the file in the folder
 * @throws FewSoundError IO
 */
export async function keepConfiguration(
  folder: string,
  name: string,
  config: { readonly model: Readonly<Record<string, unknown>> },
  { kind, options }: { readonly kind: string; readonly options: { readonly device: unknown } },
): Promise<void> {
  // The device is the machine's, unless the configuration names one.
  const { device: _, ...architecture } = options;
  const { device } = config.model;
  const model = { kind, ...architecture, ...(device !== undefined && { device }) };
  await writeFileAtomic(join(folder, name), prettyJson({ ...config, model }));
}

/** Work that begins in the midst of other work, once, and is awaited after it. */
export class Beside {
  #started: Promise<void> | undefined;

  constructor(private readonly work: () => Promise<void>) {}

  begin(): void {
    this.#started ??= this.work();
    // Until it is awaited a failure must not count as unhandled.
    this.#started.catch(() => {});
  }

  /** @throws what the work throws */
  async end(): Promise<void> {
    await this.#started;
  }
}

/**
 * An error in a part of a configuration, with its place in the file.
 *
 * @param source the file
 */
export function withPlace(error: unknown, source: string, part: string): unknown {
  if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') return error;
  return new FewSoundError('INVALID_ARGUMENT', `${source}, ${part}: ${error.message}`, {
    field: error.field === undefined ? part : `${part}.${error.field}`,
    cause: error,
  });
}

/**
 * The error to throw after one of a training. Where it was stopped or diverged, its report is
 * written.
 *
 * @param writeReport writes report.html of what there is
 */
export async function afterTrainingFailure(
  error: unknown,
  files: RunFiles,
  command: TrainingCommand,
  writeReport: () => Promise<unknown>,
): Promise<unknown> {
  if (!(error instanceof FewSoundError)) return error;
  const { code } = error;
  if (code !== 'ABORTED' && code !== 'DIVERGED') return error;
  // A report that fails must not hide why the training ended.
  const reported = await writeReport().then(
    () => ` Its report so far: ${files.report}`,
    () => '',
  );
  if (code === 'DIVERGED') {
    return reworded(error, `${error.message}${reported}`);
  }
  const { steps } = await readOutcome(files);
  const goOn = howToGoOn(files, command);
  const text = `interrupted after step ${formatCount(steps)}. ${goOn}${reported && `.${reported}`}`;
  return reworded(error, text);
}
