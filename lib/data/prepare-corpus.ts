import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { FewSoundError } from '../errors.js';
import { runTasks } from '../workers/worker-pool.js';
import { hasWorkerProgram, workerProgram } from '../workers/worker-program.js';
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
export class PreparationProgress {
  readonly #start = performance.now();
  readonly #totalFiles: number;
  readonly #onProgress: ((progress: PrepareProgress) => void) | undefined;
  #files = 0;
  #segments = 0;
  #badFiles = 0;
  /** Bytes of the recordings that this call does, and of those that it has done. */
  #bytes = 0;
  #bytesDone = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** @param records of the units that earlier calls did, by shard */
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

  /** For messages. */
  get position(): string {
    return `with ${this.#files} of ${this.#totalFiles} recordings done`;
  }

  add({ bytes, segments, isBad }: FileDone): void {
    this.#files += 1;
    this.#segments += segments;
    this.#badFiles += isBad ? 1 : 0;
    this.#bytesDone += bytes;
    if (performance.now() - this.#reportedAt >= INTERVAL) this.#report();
  }

  /** Reports the end. */
  finish(): void {
    this.#report();
  }

  #report(): void {
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

/** What one part of a prepared corpus came to. */
export interface PreparedSplit {
  /** Recordings that gave segments. */
  readonly files: number;
  readonly segments: number;
  /** Of all segments. */
  readonly seconds: number;
}

/** What {@link prepareCorpus} made. */
export interface PrepareResult {
  readonly corpus: CorpusKind;
  /** Absolute path of the prepared corpus. */
  readonly folder: string;
  readonly sampleRate: number;
  readonly segmentSamples: number;
  readonly train: PreparedSplit;
  readonly validation: PreparedSplit;
  readonly badFiles: readonly BadFile[];
  /** What lies between the recordings and is none. */
  readonly leftOut: readonly LeftOut[];
  /** Recordings that were done by this call; fewer than there are when it went on with an earlier one. */
  readonly filesDone: number;
  /** Of this call. */
  readonly seconds: number;
}

/**
 * Prepares a corpus for training: every recording is mixed down, resampled ('high' quality of `resample`), freed of its
 * first half second and cut into segments of equal length; what remains is dropped. Nothing is normalised: that is done
 * to the crop. {@link openCorpus} opens the result.
 *
 * It can be stopped, or killed, at any moment; called again with the same settings it goes on, and the files come out
 * equal to the byte, whatever the number of workers. Recordings that are damaged, empty, too short or silent are left
 * out and listed, with the reason.
 *
 * @throws FewSoundError INVALID_ARGUMENT; what {@link listCorpus} throws; AUDIO_EMPTY when no segment is left for training or
 *   validation; IO; ABORTED by the signal
 */
export async function prepareCorpus(options: PrepareOptions): Promise<PrepareResult> {
  const resolved = resolvePrepareOptions(options);
  const { corpus, folder, out, settings, signal } = resolved;
  throwIfAborted(signal, 'before it began');
  const { validationFraction } = options;
  const files = await listCorpus(
    corpus,
    folder,
    validationFraction === undefined ? {} : { validationFraction },
  );
  const plan = await planWork(files);
  throwIfAborted(signal, 'before it began');
  const source = { folder: resolve(folder), files: plan.files, digest: plan.digest };
  const target = await PreparationFolder.open(out, {
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
  progress.finish();
  const shards = plan.units.map(({ shard }) => records.get(shard) as ShardRecord);
  await requireSegments(shards, resolved, () => target.removeAll(plan.units));
  const manifest = await target.finish(shards);
  return {
    ...describe(manifest, target.path),
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
  const stopped = () => throwIfAborted(signal, progress.position);
  if (workers > 1 && units.length > 1 && hasWorkerProgram(PROGRAM)) {
    await runTasks<WorkUnit, ShardRecord, FileDone>({
      program: workerProgram(PROGRAM),
      data: { settings, out } satisfies PrepareWorkerData,
      tasks: units,
      workers,
      onResult: onUnit,
      onNews: (file) => progress.add(file),
      describe: ({ files }) => `prepared ${files[0]?.name} and those after it`,
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

/** @throws FewSoundError ABORTED */
function throwIfAborted(signal: AbortSignal | undefined, position: string): void {
  if (!signal?.aborted) return;
  throw new FewSoundError(
    'ABORTED',
    `the preparation was aborted ${position}; call it again with the same settings to go on.`,
    { cause: signal.reason },
  );
}

/** @throws FewSoundError AUDIO_EMPTY when a part of the corpus has not one segment */
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
      `${folder}: none of the ${bad.length} recordings for ${split === 'train' ? 'training' : 'validation'} gave a segment, ${short} of them because they are too short (${first?.name}: ${first?.message}) ` +
        `Take a smaller segmentSamples (now ${settings.segmentSamples}) or skipSeconds (now ${settings.skipSeconds}), or short: 'pad'.`,
    );
  }
}

/**
 * What a manifest says about a corpus as a whole.
 *
 * @internal
 */
export function describe(
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
