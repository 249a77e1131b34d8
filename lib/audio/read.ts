import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { FewSoundError } from '../native/errors.js';
import { decodeAu } from './au-file.js';
import { type AudioFormat, type SniffedContent, sniffContent } from './audio-format.js';
import { formatError, requireFinite } from './checks.js';
import type { DecodedAudio } from './decoded-audio.js';
import { decodeFlac } from './flac-stream.js';
import { decodeMp3 } from './mp3-file.js';
import { decodeOgg } from './ogg-file.js';
import { decodeWav } from './wav-file.js';

/** A path, a `file:` URL, or the bytes of a file. */
export type AudioSource = string | URL | Uint8Array | ArrayBuffer;

/** A decoded file, as it is: its own rate, its own channels, its own level. */
export interface Recording {
  /** One array [n] for each channel; full scale is [-1, 1]. */
  readonly channels: Float32Array[];
  /** Samples per second, Hz. */
  readonly sampleRate: number;
  readonly format: AudioFormat;
  /** The path it was read from; absent for bytes. */
  readonly source?: string;
}

/**
 * Decodes a wav (integer PCM of 8, 16, 24, 32 bits, float of 32, 64), au (the same), flac, mp3, or
 * an ogg with vorbis, opus or flac. Opus is always decoded at 48 kHz, the rate of the codec.
 * Channels are in the file's own order, which of six is that of the codec (vorbis and opus: left,
 * center, right, ...; flac and wav: left, right, center, ...).
 *
 * The content decides about the format, not the name: an MP3 called `speech.wav` is decoded as the
 * MP3 that it is. Tags and stray bytes in front of the sound or behind it are no matter, nor is
 * what runs beside it in an ogg file (a Skeleton, video). Files that were appended to each other
 * are decoded one after the other, each as it would be alone, where their format allows that (ogg,
 * mp3).
 *
 * A file is decoded whole or refused: lengths in headers, checksums, numbers and time stamps of Ogg
 * pages, frames of MP3, frames, sample count and MD5 of FLAC must all agree with the content. So is
 * one whose rate or number of channels changes on the way, one with a second wav, au or flac file
 * behind the first, and MP3 of free format. (An MP3 without an information frame, cut exactly
 * between two frames, and a FLAC whose encoder did not know the length cannot be told from shorter
 * recordings, nor sound inside a frame of MP3 that was changed.) Integers are divided by
 * 2^(bits-1), so that 16-bit wav and flac of the same audio are equal to the bit.
 *
 * Decoding happens on the calling thread, at some hundred times the speed of sound.
 *
 * @throws FewSoundError FILE_NOT_FOUND; IO when it cannot be read; FILE_FORMAT when it is empty,
 * cut
 *   short, damaged or of another kind; AUDIO_EMPTY when it holds no samples; INVALID_ARGUMENT when
 *   a sample is NaN or infinite (float wav), or the source is none of the accepted types
 */
export async function readAudio(source: AudioSource): Promise<Recording> {
  const path = sourcePath(source);
  const name = path ?? 'audio bytes';
  const bytes = path === null ? new Uint8Array(source as Uint8Array) : await readBytes(path);
  if (bytes.length === 0) throw formatError(name, 'the file is empty (0 bytes).');

  const content = sniffContent(bytes);
  if (content.container === null) {
    throw formatError(
      name,
      `it is ${content.found}, not audio that fewsound reads (wav, au, flac, mp3, ogg vorbis, opus). ` +
        'Convert it to one of these, or check that this is the right file.',
    );
  }
  const { channels, sampleRate, format } = await decode(bytes, content, name);
  if ((channels[0]?.length ?? 0) === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${name}: the file holds not one sample of audio.`);
  }
  for (const [index, samples] of channels.entries()) {
    requireFinite(samples, channels.length === 1 ? name : `${name}, channel ${index}`);
  }
  const recording = { channels, sampleRate, format };
  return path === null ? recording : { ...recording, source: path };
}

async function decode(
  bytes: Uint8Array,
  { container, start }: SniffedContent & { container: string },
  name: string,
): Promise<DecodedAudio & { readonly format: AudioFormat }> {
  const content = start === 0 ? bytes : bytes.subarray(start);
  switch (container) {
    case 'wav':
      return { ...decodeWav(content, name), format: 'wav' };
    case 'au':
      return { ...decodeAu(content, name), format: 'au' };
    case 'flac':
      return { ...decodeFlac(content, name), format: 'flac' };
    case 'mp3':
      return { ...(await decodeMp3(bytes, start, name)), format: 'mp3' };
    case 'ogg':
      return decodeOgg(content, name);
  }
}

/** The path of a source, null for bytes. */
function sourcePath(source: AudioSource): string | null {
  if (typeof source === 'string') return source;
  if (source instanceof URL) {
    // A host in the URL means another machine.
    if (source.protocol === 'file:' && source.host === '') return fileURLToPath(source);
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${source.href} is not a file: URL of this machine. Download the file, or pass its bytes.`,
      { field: 'source' },
    );
  }
  if (types.isUint8Array(source) || types.isArrayBuffer(source)) return null;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `the audio source is of type ${typeof source}; expected a path, a file: URL, a Uint8Array or ` +
      'an ArrayBuffer with the bytes of a file.',
    { field: 'source' },
  );
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new FewSoundError('FILE_NOT_FOUND', `${path}: there is no such file.`, {
        cause: error,
      });
    }
    if (code === 'EISDIR') {
      throw formatError(path, 'it is a folder; expected an audio file.', error);
    }
    throw new FewSoundError('IO', `${path}: the file cannot be read (${reason(error)}).`, {
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}
