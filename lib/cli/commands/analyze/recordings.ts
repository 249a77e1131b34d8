import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Clip, loadClip } from '../../../audio/index.js';
import { windowOf } from '../../../audio/placement.js';
import { CorpusFolder } from '../../../data/corpora/corpus-folder.js';
import type { LeftOut } from '../../../data/index.js';
import { FewSoundError } from '../../../errors.js';
import type { AnalyzedFilters } from './model.js';

/** A recording to analyze a model with. */
export interface AnalyzedRecording {
  readonly path: string;
  /** Absent where recordings are not in classes. */
  readonly label?: string;
}

/**
 * The recordings that arguments name: files, and folders with those in them and below, which are
 * one class. A pattern gives classes by the names of files instead. Other files in the folders are
 * listed as left out.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; INVALID_ARGUMENT for a name without a match of the
 *   pattern
 */
export async function listRecordings(
  paths: readonly string[],
  classBy: RegExp | undefined,
): Promise<{ recordings: AnalyzedRecording[]; leftOut: LeftOut[] }> {
  const listed = await Promise.all(paths.map(recordingsAt));
  const inClasses = classBy !== undefined || listed.some(({ isFolder }) => isFolder);
  const recordings = listed.flatMap(({ files, label }) =>
    files.map((path) =>
      inClasses
        ? { path, label: classBy === undefined ? label : classOf(path, classBy) }
        : { path },
    ),
  );
  return { recordings, leftOut: listed.flatMap(({ leftOut }) => leftOut) };
}

async function recordingsAt(path: string) {
  const found = await stat(path).catch(() => undefined);
  // A file that is missing says so when it is read.
  if (!found?.isDirectory()) {
    return { files: [path], label: basename(dirname(resolve(path))), isFolder: false, leftOut: [] };
  }
  const folder = await CorpusFolder.open(path, 'a folder of recordings');
  const names = await folder.audioFiles('.');
  if (names.length === 0) {
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      `${folder.path}: there is no audio file (wav, flac, mp3, ogg, opus, au) in it or below it; give the folder of one class of recordings.`,
      { field: 'audio' },
    );
  }
  return {
    files: names.map((name) => join(path, name)),
    label: basename(folder.path),
    isFolder: true,
    leftOut: folder.leftOut.map((each) => ({ ...each, name: join(path, each.name) })),
  };
}

function classOf(path: string, pattern: RegExp): string {
  const found = pattern.exec(basename(path));
  const label = found?.[1] ?? found?.[0];
  if (label !== undefined && label !== '') return label;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `--class-by ${String(pattern)} matches nothing in ${basename(path)}; every recording needs a class.`,
    { field: 'classBy' },
  );
}

/**
 * A recording as the model reads it: at its rate, one channel, of the given length.
 *
 * @throws FewSoundError those of `loadClip`; INVALID_ARGUMENT for another rate where that of the
 *   model is only assumed
 */
export async function loadRecording(
  path: string,
  { sampleRate, rateIsAssumed }: Pick<AnalyzedFilters, 'sampleRate' | 'rateIsAssumed'>,
  samples: number | undefined,
  signal: AbortSignal,
): Promise<Clip> {
  const clip = await loadClip(path, {
    ...{ normalize: false, signal },
    sampleRate: rateIsAssumed ? undefined : sampleRate,
  });
  if (clip.sampleRate !== sampleRate) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${basename(path)} is at ${clip.sampleRate} Hz. The model's file does not say which rate it was trained at, and ${sampleRate} Hz is assumed: give --sample-rate, and recordings are resampled to it.`,
      { field: 'sampleRate' },
    );
  }
  if (samples === undefined) return clip;
  const window = windowOf(clip.samples, samples, 'start');
  return { ...clip, samples: window, length: samples, duration: samples / sampleRate };
}
