import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { FewSoundError } from '../native/errors.js';
import { decodeAu } from './au-file.js';
import { type AudioFormat, sniffContent } from './audio-format.js';
import { formatError, requireFinite } from './checks.js';
import { finishFlac, readFlacStreamInfo } from './flac-stream.js';
import { checkMpegFrames } from './mpeg-frames.js';
import { checkOggPages } from './ogg-pages.js';
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
 * Decodes a wav (integer PCM of 8, 16, 24, 32 bits, float of 32, 64), au (the same), flac, mp3, ogg
 * vorbis or opus file. Opus is always decoded at 48 kHz, the rate of the codec.
 *
 * The content decides about the format, not the name: an MP3 called `speech.wav` is decoded as the
 * MP3 that it is. A file that is not whole is refused, not decoded as far as it goes: lengths in
 * headers, checksums of Ogg pages, frames of MP3 and the sample count of FLAC must all agree with
 * the content. (An MP3 without an information frame, cut exactly between two frames, and a FLAC
 * whose encoder did not know the length cannot be told from shorter recordings.) Integers are
 * divided by 2^(bits-1), so that 16-bit wav and flac of the same audio are equal to the bit.
 *
 * Decoding happens on the calling thread, at some hundred times the speed of sound.
 *
 * @throws FewSoundError FILE_NOT_FOUND; IO when it cannot be read; FILE_FORMAT when it is empty, cut
 *   short, damaged or of another kind; AUDIO_EMPTY when it holds no samples; INVALID_ARGUMENT when
 *   a sample is NaN or infinite (float wav), or the source is none of the accepted types
 */
export async function readAudio(source: AudioSource): Promise<Recording> {
  const path = sourcePath(source);
  const name = path ?? 'audio bytes';
  const bytes = path === null ? new Uint8Array(source as Uint8Array) : await readBytes(path);
  if (bytes.length === 0) throw formatError(name, 'the file is empty (0 bytes).');

  const content = sniffContent(bytes);
  if (content.format === null) {
    throw formatError(
      name,
      `it is ${content.found}, not audio that fewsound reads (wav, au, flac, mp3, ogg vorbis, opus). ` +
        'Convert it to one of these, or check that this is the right file.',
    );
  }
  if (content.ogg) checkOggPages(bytes, name);
  const { channels, sampleRate } = await decode(bytes, content.format, content.ogg, name);
  if ((channels[0]?.length ?? 0) === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${name}: the file holds not one sample of audio.`);
  }
  for (const [index, samples] of channels.entries()) {
    requireFinite(samples, channels.length === 1 ? name : `${name}, channel ${index}`);
  }
  const recording = { channels, sampleRate, format: content.format };
  return path === null ? recording : { ...recording, source: path };
}

interface DecodedAudio {
  channels: Float32Array[];
  sampleRate: number;
}

async function decode(
  bytes: Uint8Array,
  format: AudioFormat,
  ogg: boolean,
  name: string,
): Promise<DecodedAudio> {
  switch (format) {
    case 'wav':
      return decodeWav(bytes, name);
    case 'au':
      return decodeAu(bytes, name);
    case 'flac': {
      const info = readFlacStreamInfo(bytes, ogg, name);
      const audio = await decodeByLibrary(bytes, 'flac', name);
      finishFlac(audio.channels, info, name);
      return audio;
    }
    case 'mp3':
      checkMpegFrames(bytes, name);
      return decodeByLibrary(bytes, 'mp3', name);
    case 'vorbis':
      return decodeByLibrary(bytes, 'oga', name);
    case 'opus':
      return decodeByLibrary(bytes, 'opus', name);
  }
}

async function decodeByLibrary(
  bytes: Uint8Array,
  codec: 'flac' | 'mp3' | 'oga' | 'opus',
  name: string,
): Promise<DecodedAudio> {
  const { default: library } = await import('audio-decode');
  const decoder = await library[codec]().catch((error: unknown) => {
    throw new FewSoundError('INTERNAL', `the ${codec} decoder did not start (${reason(error)}).`, {
      cause: error,
    });
  });
  try {
    const head = await decoder(bytes);
    const tail = await decoder();
    const parts = [head, tail].filter(({ channelData }) => channelData.length > 0);
    return {
      channels: parts[0]?.channelData.map((_, channel) => joined(parts, channel)) ?? [],
      sampleRate: parts[0]?.sampleRate ?? 0,
    };
  } catch (error) {
    throw formatError(
      name,
      `it could not be decoded (${reason(error)}). The file is damaged.`,
      error,
    );
  } finally {
    decoder.free();
  }
}

/** One channel of the parts in a row. A part with fewer channels repeats its last one. */
function joined(parts: readonly { channelData: Float32Array[] }[], channel: number): Float32Array {
  const pieces = parts.map(
    ({ channelData }) => channelData[Math.min(channel, channelData.length - 1)] as Float32Array,
  );
  const samples = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    samples.set(piece, position);
    position += piece.length;
  }
  return samples;
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
