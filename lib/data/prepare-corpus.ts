import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { FewSoundError, throwIfAborted } from '../errors.js';
import { hasWorkerProgram, runTasks, workerProgram } from '../workers/worker-pool.js';
import { type CorpusKind, type LeftOut, listCorpus } from './corpora/index.js';
import type { BadFileProblem, Manifest, ShardRecord, Split } from './manifest.js';
import { PreparationFolder } from './preparation-folder.js';
import {
  type PrepareOptions,
  type PrepareProgress,
  type ResolvedPrepare,
  resolvePrepareOptions,
} from './prepare-options.js';
import { type FileDone, planWork, prepareUnit, type WorkUnit } from './prepare-unit.js';
import type { PrepareWorkerData } from './prepare-worker.js';

/** Milliseconds between two reports, at least. */
const INTERVAL = 50;

/** Counts what is done and reports it. */
class PreparationProgress {
  readonly #start = performance.now();
  readonly #totalFiles: number;
  readonly #onProgress: ((progress: PrepareProgress) => void) | undefined;
  #files = 0;
  #segments = 0;
  #badFiles = 0;
  /** Bytes of the recordings of this call, and of those that are done. */
  #bytes = 0;
  #bytesDone = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** @param records by shard, of the units that earlier calls finished */
  constructor(
    units: readonly WorkUnit[],
    records: ReadonlyMap<string, ShardRecord>,
    onProgress: ((progress: PrepareProgress) => void) | undefined,
  ) {
    this.#onProgress = onProgress;
    this.#totalFiles = units.reduce((sum, { files }) => sum + files.length, 0);
    for (const { shard, files } of units) {
      const record = records.get(shard);
      if (record === undefined) {
        this.#bytes += files.reduce((sum, { bytes }) => sum + Math.max(0, bytes), 0);
      } else {
        this.#files += files.length;
        this.#segments += record.segments;
        this.#badFiles += record.bad.length;
      }
    }
  }

  get secondsElapsed(): number {
    return (performance.now() - this.#start) / 1000;
  }

  get position(): string {
    return `with ${this.#files} of ${this.#totalFiles} recordings done`;
  }

  add({ bytes, segments, isBad }: FileDone): void {
    this.#files += 1;
    this.#segments += segments;
    this.#badFiles += isBad ? 1 : 0;
    this.#bytesDone += bytes;
    if (performance.now() - this.#reportedAt >= INTERVAL) this.report();
  }

  report(): void {
    this.#reportedAt = performance.now();
    const { secondsElapsed } = this;
    const left = this.#bytes - this.#bytesDone;
    this.#onProgress?.({
      files: this.#files,
      totalFiles: this.#totalFiles,
      segments: this.#segments,
      badFiles: this.#badFiles,
      secondsElapsed,
      secondsLeft: left === 0 ? 0 : (secondsElapsed / this.#bytesDone) * left,
    });
  }
}

const PROGRAM = 'data/prepare-worker.js';

/** A recording that gave no segment, and why. */
export interface BadFile {
  /** Path below the corpus. */
  readonly name: string;
  readonly split: Split;
  readonly problem: BadFileProblem;
  readonly message: string;
}

/** One part of a prepared corpus. */
export interface PreparedSplit {
  /** Recordings that gave segments. */
  readonly files: number;
  readonly segments: number;
  /** Of all segments. */
  readonly seconds: number;
}

/** The result of {@link prepareCorpus}. */
export interface PrepareResult {
  readonly corpus: CorpusKind;
  /** Absolute path of the prepared corpus. */
  readonly folder: string;
  readonly sampleRate: number;
  readonly segmentSamples: number;
  readonly train: PreparedSplit;
  readonly validation: PreparedSplit;
  readonly badFiles: readonly BadFile[];
  /** Entries of the corpus that are not recordings. */
  readonly leftOut: readonly LeftOut[];
  /** Recordings done by this call; fewer than there are when it resumed an earlier one. */
  readonly filesDone: number;
  /** Of this call. */
  readonly seconds: number;
}

/**
 * Prepares a corpus for training: every recording is mixed down, resampled ('high' quality of
 * `resample`), stripped of its first half second and cut into segments of equal length; the
 * remainder is dropped. Crops are normalized later, in training. {@link openCorpus} opens the
 * result.
 *
 * It can be stopped or killed at any moment; called again with the same settings it resumes, and
 * the files come out equal to the byte, whatever the number of workers. Recordings that are
 * damaged, empty, too short or silent are left out and listed, with the reason.
 *
 * @throws FewSoundError INVALID_ARGUMENT; what {@link listCorpus} throws; AUDIO_EMPTY when no
 *   segment is left for training or validation; IO; ABORTED by the signal
 */
export async function prepareCorpus(options: PrepareOptions): Promise<PrepareResult> {
  const resolved = resolvePrepareOptions(options);
  const { corpus, folder, out, settings, signal, validationFraction } = resolved;
  stopIfAborted(signal, 'before it started');
  const files = await listCorpus(corpus, folder, {
    ...(validationFraction !== undefined && { validationFraction }),
  });
  const plan = await planWork(files);
  stopIfAborted(signal, 'before it started');
  const source = { folder: resolve(folder), files: plan.files, digest: plan.digest };
  using target = await PreparationFolder.open(out, {
    format: 'fewsound-corpus',
    version: 1,
    settings,
    source,
  });

  const records = await target.finished(plan.units);
  const left = plan.units.filter(({ shard }) => !records.has(shard));
  const progress = new PreparationProgress(plan.units, records, resolved.onProgress);
  try {
    await prepareUnits(left, target, resolved, progress, (record) =>
      records.set(record.file, record),
    );
  } catch (error) {
    await target.removeUnfinished();
    throw error;
  }
  progress.report();
  const shards = plan.units.map(({ shard }) => records.get(shard) as ShardRecord);
  await requireSegments(shards, resolved, () => target.removeAll(plan.units));
  const manifest = await target.finish(shards);
  return {
    ...summarize(manifest, target.path),
    leftOut: files.leftOut,
    filesDone: left.reduce((sum, unit) => sum + unit.files.length, 0),
    seconds: progress.secondsElapsed,
  };
}

async function prepareUnits(
  units: readonly WorkUnit[],
  { path: out }: PreparationFolder,
  { settings, signal, workers = Math.min(8, availableParallelism()) }: ResolvedPrepare,
  progress: PreparationProgress,
  onUnit: (record: ShardRecord) => void,
): Promise<void> {
  const stopped = () => stopIfAborted(signal, progress.position);
  if (workers > 1 && units.length > 1 && hasWorkerProgram(PROGRAM)) {
    await runTasks<WorkUnit, ShardRecord, FileDone>({
      program: workerProgram(PROGRAM),
      data: { settings, out } satisfies PrepareWorkerData,
      tasks: units,
      workers,
      onResult: onUnit,
      onNews: (file) => progress.add(file),
      describe: ({ files }) => `prepared ${files[0]?.name} and the recordings after it`,
      signal,
    }).catch((error) => {
      stopped();
      throw error;
    });
    return;
  }
  for (const unit of units) {
    stopped();
    const record = await prepareUnit(unit, settings, out, (file) => {
      progress.add(file);
      stopped();
    });
    onUnit(record);
  }
}

function stopIfAborted(signal: AbortSignal | undefined, position: string): void {
  throwIfAborted(
    signal,
    `the preparation was aborted ${position}; run it again with the same settings to resume.`,
  );
}

/** @throws FewSoundError AUDIO_EMPTY when a part of the corpus has no segment */
async function requireSegments(
  shards: readonly ShardRecord[],
  { folder, settings }: ResolvedPrepare,
  discard: () => Promise<void>,
): Promise<void> {
  for (const split of ['train', 'validation'] as const) {
    const own = shards.filter((shard) => shard.split === split);
    if (own.some(({ segments }) => segments > 0)) continue;
    await discard();
    const bad = own.flatMap((shard) => shard.bad);
    const short = bad.filter(({ problem }) => problem === 'short').length;
    const [first] = bad;
    throw new FewSoundError(
      'AUDIO_EMPTY',
      `${folder}: none of the ${bad.length} recordings for ${split === 'train' ? 'training' : 'validation'} gives a segment; ${short} are too short (${first?.name}: ${first?.message}) ` +
        `Reduce segmentSamples (now ${settings.segmentSamples}) or skipSeconds (now ${settings.skipSeconds}), or set short: 'pad'.`,
    );
  }
}

/** What a manifest says about the corpus as a whole. */
export function summarize(
  { settings, shards }: Manifest,
  folder: string,
): Omit<PrepareResult, 'leftOut' | 'filesDone' | 'seconds'> {
  const { sampleRate, segmentSamples } = settings;
  const total = (split: Split): PreparedSplit => {
    const own = shards.filter((shard) => shard.split === split);
    const segments = own.reduce((sum, shard) => sum + shard.segments, 0);
    return {
      files: own.reduce((sum, shard) => sum + shard.files.length, 0),
      segments,
      seconds: (segments * segmentSamples) / sampleRate,
    };
  };
  return {
    corpus: settings.corpus,
    folder,
    sampleRate,
    segmentSamples,
    train: total('train'),
    validation: total('validation'),
    badFiles: shards.flatMap(({ split, bad }) =>
      bad.map(({ name, problem, message }) => ({ name, split, problem, message })),
    ),
  };
}
