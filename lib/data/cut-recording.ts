import { mixDown, readAudio, resample } from '../audio/index.js';
import { FewSoundError } from '../errors.js';
import type { CorpusFile } from './corpora/index.js';
import type { BadFileEntry, PreparationSettings, PreparedFile } from './manifest.js';

/** Half a step of 16 bits: a recording that stays below it is silent. */
const SILENCE = 2 ** -16;

/** A recording and its size in bytes; -1 where that is unknown. */
export interface SourceFile extends CorpusFile {
  readonly bytes: number;
}

/** The segments of a recording, or why there are none. */
export type CutRecording =
  | { readonly entry: PreparedFile; readonly segments: readonly Float32Array[] }
  | { readonly bad: BadFileEntry };

/**
 * Reads a recording, mixes it down, resamples it, drops its start and cuts the rest into segments;
 * the remainder is dropped. Silent segments are left out: they have nothing to learn from, and no
 * peak to scale by.
 *
 * @throws FewSoundError INTERNAL where a decoder fails to start; anything else makes a bad file
 */
export async function cutRecording(
  file: SourceFile,
  settings: PreparationSettings,
): Promise<CutRecording> {
  const { name, group } = file;
  let samples: Float32Array;
  try {
    if (file.bytes === 0) return bad(file, 'empty', 'the file is empty (0 bytes).');
    const { channels, sampleRate } = await readAudio(file.path);
    const mono = channels.length === 1 ? (channels[0] as Float32Array) : mixDown(channels);
    samples = resample(mono, sampleRate, settings.sampleRate);
  } catch (error) {
    return badFileOf(file, error);
  }
  const { segmentSamples, short } = settings;
  const skip = Math.round(settings.skipSeconds * settings.sampleRate);
  const kept = samples.subarray(skip);
  const whole = Math.floor(kept.length / segmentSamples);
  if (kept.length === 0 || (whole === 0 && short === 'drop')) {
    return bad(
      file,
      'short',
      `it has ${samples.length} samples at ${settings.sampleRate} Hz; ${skip} are skipped and a segment takes ${segmentSamples}.`,
    );
  }
  if (isSilent(kept)) return bad(file, 'silent', 'it is silent.');
  if (whole === 0) {
    const padded = new Float32Array(segmentSamples);
    padded.set(kept);
    return { entry: { name, group, starts: [skip], padded: kept.length }, segments: [padded] };
  }
  const starts = Array.from({ length: whole }, (_, index) => index * segmentSamples).filter(
    (start) => !isSilent(kept.subarray(start, start + segmentSamples)),
  );
  if (starts.length === 0) {
    return bad(file, 'silent', 'all its whole segments are silent.');
  }
  return {
    entry: { name, group, starts: starts.map((start) => skip + start) },
    segments: starts.map((start) => kept.subarray(start, start + segmentSamples)),
  };
}

function isSilent(samples: Float32Array): boolean {
  return samples.every((value) => Math.abs(value) < SILENCE);
}

function bad(
  { name, group }: SourceFile,
  problem: BadFileEntry['problem'],
  message: string,
): CutRecording {
  return { bad: { name, group, problem, message } };
}

function badFileOf(file: SourceFile, error: unknown): CutRecording {
  const { message } = error as Error;
  // The manifest must be the same wherever the corpus lies.
  const problem = message.replace(`${file.path}: `, '').replaceAll(file.path, file.name);
  if (!(error instanceof FewSoundError)) return bad(file, 'damaged', problem);
  switch (error.code) {
    case 'INTERNAL':
      throw error;
    case 'AUDIO_EMPTY':
      return bad(file, 'empty', problem);
    case 'FILE_NOT_FOUND':
    case 'IO':
      return bad(file, 'unreadable', problem);
    default:
      return bad(file, 'damaged', problem);
  }
}
