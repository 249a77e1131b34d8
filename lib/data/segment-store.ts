import { FewSoundError } from '../native/errors.js';
import type { ShardFile, ShardFiles } from './shard-files.js';

/** Where a segment comes from. */
export interface Segment {
  /** The recording's path below its corpus. */
  readonly name: string;
  /** Its speaker, genre, class, word or folder. */
  readonly group: string;
  /** Where it begins, in samples of the prepared rate from the recording's own beginning. */
  readonly start: number;
  /** Samples of it that are sound; the rest is padding. All of them, unless the recording was shorter than a segment. */
  readonly samples: number;
}

/** A segment and where it is stored. */
export interface StoredSegment extends Segment {
  readonly shard: ShardFile;
  /** Its place in the shard, from 0. */
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
   * @returns [length] amplitudes as they were recorded, not normalised; `into` where it is given
   * @throws FewSoundError INVALID_ARGUMENT for a part that is not in the segment; FILE_NOT_FOUND or FILE_FORMAT for a shard
   *   that is missing or damaged; DISPOSED when the corpus is closed; IO
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
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `a read of ${count} samples from ${start} on${into === undefined ? '' : ` into ${into.length}`}; a segment has ${this.segmentSamples}, and the array must have the length that is read.`,
        { field: isInside ? 'into' : 'start' },
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
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `there is no segment ${index}; there are ${this.length}, counted from 0.`,
      { field: 'index' },
    );
  }
}
