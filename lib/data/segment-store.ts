import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { FewSoundError, invalidArgument } from '../errors.js';
import { closeOwned, ownFile } from '../files.js';

/** Where a segment comes from. */
export interface Segment {
  /** The recording's path below its corpus. */
  readonly name: string;
  /** Its speaker, genre, class, word or folder. */
  readonly group: string;
  /** Where it starts, in samples at the prepared rate from the start of the recording. */
  readonly start: number;
  /** Samples before the padding: all, unless the recording was shorter than a segment. */
  readonly samples: number;
}

export interface StoredSegment extends Segment {
  readonly shard: ShardFile;
  /** Its index in the shard. */
  readonly place: number;
}

/** The segments of one part of a prepared corpus, on disk. */
export class SegmentStore {
  /** Samples per second, Hz. */
  readonly sampleRate: number;
  /** Samples of every segment. */
  readonly segmentSamples: number;
  readonly #segments: readonly StoredSegment[];
  readonly #files: ShardFiles;

  /** @internal */
  constructor(
    segments: readonly StoredSegment[],
    format: { readonly sampleRate: number; readonly segmentSamples: number },
    files: ShardFiles,
  ) {
    this.sampleRate = format.sampleRate;
    this.segmentSamples = format.segmentSamples;
    this.#segments = segments;
    this.#files = files;
  }

  /** Number of segments. */
  get length(): number {
    return this.#segments.length;
  }

  /**
   * Where a segment comes from.
   *
   * @throws FewSoundError INVALID_ARGUMENT
   */
  segment(index: number): Segment {
    const { name, group, start, samples } = this.#at(index);
    return { name, group, start, samples };
  }

  /**
   * Reads a part of a segment, and only that part of the file.
   *
   * @param index segment, from 0
   * @param start first sample in the segment. Default 0
   * @param length number of samples. Default: as many as `into` takes, else to the segment's end
   * @param into where to put them, [length]; default: a new array
   * @returns [length] amplitudes as they were recorded, not normalized; `into` where it is given
   * @throws FewSoundError INVALID_ARGUMENT for a part outside the segment; FILE_NOT_FOUND or
   *   FILE_FORMAT for a missing or damaged shard; DISPOSED when the corpus is closed; IO
   */
  async read(
    index: number,
    start = 0,
    length?: number,
    into?: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { shard, place } = this.#at(index);
    const count = length ?? into?.length ?? this.segmentSamples - start;
    const isInside =
      Number.isInteger(start) &&
      Number.isInteger(count) &&
      start >= 0 &&
      count >= 1 &&
      start + count <= this.segmentSamples;
    if (!isInside || (into !== undefined && into.length !== count)) {
      throw invalidArgument(
        isInside ? 'into' : 'start',
        `cannot read ${count} samples at ${start}${into === undefined ? '' : ` into an array of ${into.length}`}; a segment has ${this.segmentSamples}, and the array must be as long as the read.`,
      );
    }
    const samples = into ?? new Float32Array(count);
    const position = (place * this.segmentSamples + start) * 4;
    await this.#files.read(
      shard,
      position,
      new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    );
    return samples;
  }

  #at(index: number): StoredSegment {
    const segment = this.#segments[index];
    if (segment !== undefined) return segment;
    throw invalidArgument(
      'index',
      `there is no segment ${index}; the store has ${this.length}, counted from 0.`,
    );
  }
}

export interface ShardFile {
  readonly path: string;
  /** Its size by the manifest. */
  readonly bytes: number;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  /** Reads under way. */
  users: number;
}

/** Reads pieces of shards. Keeps some files open; reads beyond their number wait their turn. */
export class ShardFiles {
  /** By path; those used last come last. */
  readonly #open = new Map<string, OpenFile>();
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #reading = 0;
  #isClosed = false;

  /** @param most files open at a time */
  constructor(most = 32) {
    this.#most = most;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /**
   * Fills `target` from a position, in bytes.
   *
   * @throws FewSoundError DISPOSED after close; FILE_NOT_FOUND, FILE_FORMAT for a shard that is not
   *   as long as it was; IO
   */
  async read(shard: ShardFile, position: number, target: Uint8Array): Promise<void> {
    if (this.#reading === this.#most) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#reading += 1;
    try {
      await this.#read(shard, position, target);
    } finally {
      // Whoever waits takes over this place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#reading -= 1;
      else next();
    }
  }

  /** Closes all files; those being read right after. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closeIdle(0);
  }

  async #read(shard: ShardFile, position: number, target: Uint8Array): Promise<void> {
    if (this.#isClosed) {
      throw new FewSoundError('DISPOSED', `${shard.path}: the prepared corpus is closed.`);
    }
    const file = this.#acquire(shard);
    try {
      const handle = await file.handle;
      for (let done = 0; done < target.length; ) {
        const left = target.length - done;
        const { bytesRead } = await handle.read(target, done, left, position + done);
        if (bytesRead === 0) throw damaged(shard.path, 'it is shorter than before');
        done += bytesRead;
      }
    } catch (cause) {
      // It may have been repaired by the next time.
      if (this.#open.get(shard.path) === file) this.#open.delete(shard.path);
      await file.handle.then(closeOwned, () => {});
      if (cause instanceof FewSoundError) throw cause;
      throw new FewSoundError(
        'IO',
        `${shard.path}: the shard cannot be read (${(cause as Error).message}).`,
        { cause },
      );
    } finally {
      file.users -= 1;
      if (this.#isClosed) await this.#closeIdle(0);
    }
  }

  #acquire(shard: ShardFile): OpenFile {
    const known = this.#open.get(shard.path);
    // There are no more reads than files: where there is no room, one of the files is idle.
    if (known === undefined) void this.#closeIdle(this.#most - 1);
    const file = known ?? { handle: this.#openOwned(shard), users: 0 };
    this.#open.delete(shard.path);
    this.#open.set(shard.path, file);
    file.users += 1;
    return file;
  }

  async #openOwned(shard: ShardFile): Promise<FileHandle> {
    return ownFile(this, await openShard(shard));
  }

  /** Closes the idle files that were used longest ago, until `most` are left. */
  async #closeIdle(most: number): Promise<void> {
    const idle = [...this.#open].filter(([, { users }]) => users === 0);
    const surplus = idle.slice(0, Math.max(0, this.#open.size - most));
    for (const [path] of surplus) this.#open.delete(path);
    // A file that could not be opened has been reported to its reader; closing one that was only
    // read loses nothing.
    await Promise.allSettled(surplus.map(async ([, { handle }]) => closeOwned(await handle)));
  }
}

async function openShard({ path, bytes }: ShardFile): Promise<FileHandle> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new FewSoundError('FILE_NOT_FOUND', `${path}: the shard is missing. ${REMEDY}`, {
      cause,
    });
  });
  try {
    const { size } = await handle.stat();
    if (size !== bytes) {
      throw damaged(path, `it has ${size} bytes instead of ${bytes}`);
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const REMEDY =
  'Prepare the corpus again into the same folder with the same settings; that restores it.';

function damaged(path: string, problem: string): FewSoundError {
  return new FewSoundError(
    'FILE_FORMAT',
    `${path}: the shard ${basename(path)} is damaged: ${problem}. ${REMEDY}`,
  );
}
