import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Clip, loadClip, readAudio, resampledLength } from '../audio/index.js';
import { listRecordings } from '../data/corpora/index.js';
import { Draws } from '../data/draws.js';
import type { CorpusFile, CorpusKind, LeftOut } from '../data/index.js';
import { type ErrorCode, FewSoundError, throwIfAborted } from '../errors.js';

/** Rate of the papers' clips, Hz. */
const SAMPLE_RATE = 22_050;

/** A recording that rows are fitted to. */
export interface TableRecording {
  readonly path: string;
  /** Path below its folder, with `/` between. */
  readonly name: string;
  /** Of the file. */
  readonly sha256: string;
  /** Samples it has at the clips' rate. */
  readonly length: number;
}

/** A stretch of a recording: what a network learns. */
export interface TableClip {
  readonly recording: TableRecording;
  /** The first sample, at the clips' rate. */
  readonly start: number;
  readonly samples: number;
}

/** Where recordings come from. */
export interface RecordingSource {
  readonly kind: CorpusKind;
  readonly folder: string;
  /** So many of each group; undefined: all there are. */
  readonly perGroup: number | undefined;
  readonly limit: number | undefined;
  /** Of the choice. */
  readonly seed: number;
  /** Shorter recordings are passed over. */
  readonly samples: number;
  readonly signal?: AbortSignal;
}

/** A recording that gives no samples, and why. */
export interface UnreadableRecording {
  readonly name: string;
  readonly message: string;
}

/** Recordings that were chosen, and what was passed over. */
export interface ChosenRecordings {
  readonly recordings: readonly TableRecording[];
  /** Names of recordings that are too short. */
  readonly short: readonly string[];
  readonly unreadable: readonly UnreadableRecording[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Chooses recordings: of a corpus at random so many of each of its groups, as the paper took one of
 * each speaker; of a folder of clips all, by name. One that cannot be read is passed over, as a
 * corpus has some (GTZAN's jazz.00054).
 *
 * @throws FewSoundError what `listRecordings` throws; INVALID_ARGUMENT where no recording is long
 *   enough; ABORTED
 */
export async function chooseRecordings(source: RecordingSource): Promise<ChosenRecordings> {
  const { kind, folder, perGroup, seed, samples, limit = Number.POSITIVE_INFINITY } = source;
  const { recordings: files, leftOut } = await listRecordings(kind, folder);
  const recordings: TableRecording[] = [];
  const short: string[] = [];
  const unreadable: UnreadableRecording[] = [];
  const taken = new Map<string, number>();
  for (const file of perGroup === undefined ? files : shuffled(files, seed)) {
    if (recordings.length >= limit) break;
    const ofGroup = taken.get(file.group) ?? 0;
    if (ofGroup >= (perGroup ?? Number.POSITIVE_INFINITY)) continue;
    throwIfAborted(source.signal, 'the choice of recordings was aborted.');
    const recording = await look(file).catch((error: unknown) => {
      if (!isFaultOfFile(error)) throw error;
      unreadable.push({ name: file.name, message: error.message });
    });
    if (recording === undefined) continue;
    if (recording.length < samples) {
      short.push(file.name);
      continue;
    }
    recordings.push(recording);
    taken.set(file.group, ofGroup + 1);
  }
  if (recordings.length > 0) return { recordings, short, unreadable, leftOut };
  const [first] = unreadable;
  const unread = first === undefined ? '' : ` Not all can be read: ${first.message}`;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${folder} has no recording of ${samples} samples at ${SAMPLE_RATE} Hz (${(samples / SAMPLE_RATE).toFixed(1)} s) or more; give longer ones.${unread}`,
    { field: 'clips' },
  );
}

function shuffled(files: readonly CorpusFile[], seed: number): CorpusFile[] {
  const order = new Draws(seed, 'split', 0, 0).permutation(files.length);
  return [...order].map((index) => files[index] as CorpusFile);
}

/** What is wrong with a file; samples that are not finite are an invalid argument. */
const faultsOfFiles: readonly ErrorCode[] = [
  'FILE_NOT_FOUND',
  'FILE_FORMAT',
  'AUDIO_EMPTY',
  'IO',
  'INVALID_ARGUMENT',
];

const isFaultOfFile = (error: unknown): error is FewSoundError =>
  error instanceof FewSoundError && faultsOfFiles.includes(error.code);

async function look({ path, name }: CorpusFile): Promise<TableRecording> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new FewSoundError('IO', `${path}: the file cannot be read (${cause.message}).`, {
      cause,
    });
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { channels, sampleRate } = await readAudio(path);
  const length = resampledLength((channels[0] as Float32Array).length, sampleRate, SAMPLE_RATE);
  return { path, name, sha256, length };
}

/**
 * A random stretch of a recording, as the paper crops them: the same for a file, wherever it lies
 * and whichever others are there.
 */
export function clipOf(recording: TableRecording, samples: number, seed: number): TableClip {
  const item = Number.parseInt(recording.sha256.slice(0, 8), 16);
  const start = new Draws(seed, 'item', samples, item).below(recording.length - samples + 1);
  return { recording, start, samples };
}

/** The samples, resampled and scaled to peak 1. */
export function loadTableClip(
  { recording, start, samples }: TableClip,
  signal?: AbortSignal,
): Promise<Clip> {
  return loadClip(recording.path, {
    ...{ sampleRate: SAMPLE_RATE, samples, offset: start / SAMPLE_RATE },
    ...(signal !== undefined && { signal }),
  });
}
