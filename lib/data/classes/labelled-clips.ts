import { createHash } from 'node:crypto';
import { totalmem } from 'node:os';
import { loadClip, peakOf } from '../../audio/clip.js';
import { type Placement, placementField, windowOf } from '../../audio/placement.js';
import { FewSoundError } from '../../errors.js';
import {
  abortSignal,
  callback,
  flag,
  optionsObject,
  parseOptions,
  sampleRateField,
  wholeNumber,
} from '../../options.js';
import type { LabelledFiles } from './labelled-files.js';

/** Options of {@link LabelledClips.load}. */
export interface LabelledClipsOptions {
  /** Samples of every clip: longer recordings are cut, shorter ones have zeros around them. Default 16,000. */
  samples?: number;
  /** Rate that recordings are resampled to, Hz. Default 16,000. */
  sampleRate?: number;
  /** Where a recording lies in its clip. Default 'centre'. */
  place?: Placement;
  /** Scale each recording to peak 1 (default true). */
  normalize?: boolean;
  /** Samples that are kept beyond both ends, for moving clips in training. Default 0. */
  margin?: number;
  /** Told how many recordings are read, of how many. */
  onProgress?: (done: number, recordings: number) => void;
  signal?: AbortSignal;
}

const schema = optionsObject({
  samples: wholeNumber(1, 2 ** 24).default(16_000),
  sampleRate: sampleRateField.default(16_000),
  place: placementField.default('centre'),
  normalize: flag.default(true),
  margin: wholeNumber(0, 2 ** 24).default(0),
  onProgress: callback<(done: number, recordings: number) => void>().optional(),
  signal: abortSignal.optional(),
});

/** How the clips were made, with every default filled in. */
type ClipForm = Readonly<Required<Omit<LabelledClipsOptions, 'onProgress' | 'signal'>>>;

/** Recordings that are read at once: their files, while another is resampled. */
const AT_ONCE = 4;

/** Recordings of several classes in memory, one after the other: clips of one length and rate. */
export class LabelledClips {
  private constructor(
    /** Names of the classes, by their numbers. */
    readonly labels: readonly string[],
    /** The class of each clip. */
    readonly classes: readonly number[],
    /** Where each clip is from, below its folder. */
    readonly names: readonly string[],
    readonly options: ClipForm,
    private readonly stored: Float32Array<ArrayBuffer>,
  ) {}

  /**
   * Reads recordings. All must be readable.
   *
   * @throws FewSoundError naming the recording that cannot be read; INVALID_ARGUMENT for bad options, or more clips than half
   *   of the memory holds; ABORTED by the signal
   */
  static async load(
    { labels, files }: LabelledFiles,
    given: LabelledClipsOptions = {},
  ): Promise<LabelledClips> {
    const { onProgress, signal, ...options } = parseOptions(schema, given, 'clips options');
    const width = options.samples + 2 * options.margin;
    requireMemory(files.length * width * 4, files.length);
    const stored = new Float32Array(files.length * width);
    let done = 0;
    const read = async (index: number): Promise<void> => {
      const file = files[index] as LabelledFiles['files'][number];
      const window = await windowIn(file.path, options);
      stored.set(window, index * width);
      onProgress?.(++done, files.length);
    };
    for (let first = 0; first < files.length; first += AT_ONCE) {
      if (signal?.aborted) {
        throw new FewSoundError('ABORTED', 'reading the recordings was aborted.', {
          cause: signal.reason,
        });
      }
      const part = files.slice(first, first + AT_ONCE);
      await Promise.all(part.map((_, i) => read(first + i)));
    }
    return new LabelledClips(
      labels,
      files.map(({ label }) => label),
      files.map(({ name }) => name),
      options,
      stored,
    );
  }

  get length(): number {
    return this.classes.length;
  }

  /**
   * One clip, moved: what leaves its window on one side is lost, what enters on the other is the recording's or silence.
   *
   * @param by samples to the right, at most the margin; negative: to the left
   * @returns [samples], a view of the memory of all
   */
  clip(index: number, by = 0): Float32Array {
    const { samples, margin } = this.options;
    const begin = index * (samples + 2 * margin) + margin - by;
    return this.stored.subarray(begin, begin + samples);
  }

  /** What tells these clips from others: of their samples, classes and names, SHA-256 in hexadecimal. */
  digest(): string {
    const { buffer, byteOffset, byteLength } = this.stored;
    const { labels, classes, names, options } = this;
    return createHash('sha256')
      .update(JSON.stringify({ labels, classes, names, options }))
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
  }
}

async function windowIn(
  path: string,
  { sampleRate, samples, place, normalize, margin }: ClipForm,
): Promise<Float32Array> {
  // An error names the file.
  const clip = await loadClip(path, { sampleRate, normalize: false });
  const window = windowOf(clip.samples, samples, place, margin);
  // By the peak of the whole recording, so that the margin changes nothing.
  const peak = normalize ? peakOf(clip.samples) : 1;
  return peak === 0 || peak === 1 ? window : window.map((value) => value / peak);
}

function requireMemory(bytes: number, recordings: number): void {
  const most = totalmem() / 2;
  if (bytes <= most) return;
  const gigabytes = (value: number) => (value / 1e9).toPrecision(3);
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${recordings} clips take ${gigabytes(bytes)} GB of memory, and ${gigabytes(most)} GB may be used. Take fewer recordings or fewer samples.`,
    { field: 'samples' },
  );
}
