import { createHash } from 'node:crypto';
import { totalmem } from 'node:os';
import { loadClip, peakOf } from '../../audio/clip.js';
import { type Placement, placementField, windowOf } from '../../audio/placement.js';
import { invalidArgument, throwIfAborted } from '../../errors.js';
import {
  abortSignal,
  callback,
  flag,
  optionsObject,
  parseOptions,
  sampleRateField,
  wholeNumber,
} from '../../options.js';
import type { LabeledFiles } from './labeled-files.js';

/** Options of {@link LabeledClips.load}. */
export interface LabeledClipsOptions {
  /** Samples of a clip: longer recordings are cut, shorter ones zero-padded. Default 16,000. */
  samples?: number;
  /** Rate to resample recordings to, Hz. Default 16,000. */
  sampleRate?: number;
  /** Where a recording lies in its clip. Default 'center'. */
  place?: Placement;
  /** Scale each recording to peak 1 (default true). */
  normalize?: boolean;
  /** Extra samples to keep at both ends, for shifting clips in training. Default 0. */
  margin?: number;
  /** Called with the number of recordings read so far and in all. */
  onProgress?: (done: number, recordings: number) => void;
  signal?: AbortSignal;
}

const schema = optionsObject({
  samples: wholeNumber(1, 2 ** 24).default(16_000),
  sampleRate: sampleRateField.default(16_000),
  place: placementField.default('center'),
  normalize: flag.default(true),
  margin: wholeNumber(0, 2 ** 24).default(0),
  onProgress: callback<(done: number, recordings: number) => void>().optional(),
  signal: abortSignal.optional(),
});

/** How the clips were made, defaults included. */
type ClipForm = Readonly<Required<Omit<LabeledClipsOptions, 'onProgress' | 'signal'>>>;

/** Recordings read at once: files are read while another recording is resampled. */
const AT_ONCE = 4;

/** Recordings of several classes in memory: clips of one length and rate. */
export class LabeledClips {
  private constructor(
    /** Names of the classes, by number. */
    readonly labels: readonly string[],
    /** The class of each clip. */
    readonly classes: readonly number[],
    /** The path of each recording below its folder. */
    readonly names: readonly string[],
    readonly options: ClipForm,
    private readonly stored: Float32Array<ArrayBuffer>,
  ) {}

  /**
   * Reads recordings. All must be readable.
   *
   * @throws FewSoundError naming the recording that cannot be read; INVALID_ARGUMENT for bad
   *   options, or clips for which half of the memory does not suffice; ABORTED by the signal
   */
  static async load(
    { labels, files }: LabeledFiles,
    given: LabeledClipsOptions = {},
  ): Promise<LabeledClips> {
    const { onProgress, signal, ...options } = parseOptions(schema, given, 'clips options');
    const width = options.samples + 2 * options.margin;
    requireMemory(files.length * width * 4, files.length);
    const stored = new Float32Array(files.length * width);
    let done = 0;
    const read = async (index: number): Promise<void> => {
      const file = files[index] as LabeledFiles['files'][number];
      const window = await windowIn(file.path, options);
      stored.set(window, index * width);
      onProgress?.(++done, files.length);
    };
    for (let first = 0; first < files.length; first += AT_ONCE) {
      throwIfAborted(signal, 'reading the recordings was aborted.');
      const part = files.slice(first, first + AT_ONCE);
      await Promise.all(part.map((_, i) => read(first + i)));
    }
    return new LabeledClips(
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
   * One clip, shifted: what leaves its window on one side is lost; what enters on the other is the
   * rest of the recording, or silence.
   *
   * @param by samples to the right, at most the margin; negative: to the left
   * @returns [samples], a view of the memory of all
   */
  clip(index: number, by = 0): Float32Array {
    const { samples, margin } = this.options;
    const begin = index * (samples + 2 * margin) + margin - by;
    return this.stored.subarray(begin, begin + samples);
  }

  /** Identifies the clips: SHA-256 of their samples, classes and names, in hexadecimal. */
  digest(): string {
    const { buffer, byteOffset, byteLength } = this.stored;
    const { labels, classes, names } = this;
    const { place } = this.options;
    // Checkpoints of older versions hold the digest with the place spelled so.
    const options = { ...this.options, place: place === 'center' ? 'centre' : place };
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
  // Errors of loadClip name the file.
  const clip = await loadClip(path, { sampleRate, normalize: false });
  const window = windowOf(clip.samples, samples, place, margin);
  // By the peak of the whole recording, so that the margin makes no difference.
  const peak = normalize ? peakOf(clip.samples) : 1;
  return peak === 0 || peak === 1 ? window : window.map((value) => value / peak);
}

function requireMemory(bytes: number, recordings: number): void {
  const most = totalmem() / 2;
  if (bytes <= most) return;
  const gigabytes = (value: number) => (value / 1e9).toPrecision(3);
  throw invalidArgument(
    'samples',
    `${recordings} clips need ${gigabytes(bytes)} GB of memory, more than the ${gigabytes(most)} GB allowed. Use fewer recordings or fewer samples.`,
  );
}
