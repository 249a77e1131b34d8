import type { ShardRecord } from './manifest.js';
import type { PrepareProgress } from './prepare-options.js';
import type { FileDone } from './prepare-unit.js';
import type { WorkUnit } from './unit-plan.js';

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
