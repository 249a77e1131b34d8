import { hasText, viewOf } from './bytes.js';
import { formatError } from './checks.js';
import { changeError, type DecodedAudio, formText, joinAudio } from './decoded-audio.js';
import { quietly, startDecoder, whenReady } from './decoder-library.js';
import { skipTags, tagsAtEnd } from './tags.js';

/** Bit rates of Layer III in kbit/s by header index; 0 is "free format", of unknown frame size. */
const bitRates = {
  mpeg1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  mpeg2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const sampleRates = [44_100, 48_000, 32_000];
/** This many frames in a row are no accident. */
const provingFrames = 4;

/** A run of frames that one encoder wrote, from its information frame on. */
interface MpegRun {
  /** Frames of audio, after the information frame if there is one. */
  readonly frames: Uint8Array[];
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Samples of the audio frames as decoded. */
  readonly samples: number;
  /** How many of them, at the beginning and the end, the encoder added. */
  readonly padding: number;
}

/**
 * Finds the frames of an MP3 file, without the tags and stray bytes around them, and checks that it
 * is whole, as far as that shows without decoding: the frames follow each other without a gap, the
 * last one is complete, there are as many as the encoder's information frame (Xing or Info)
 * promises, and rate and number of channels stay the same. Without an information frame, a file cut
 * exactly between two frames looks like a shorter recording.
 *
 * @param start where the first frame is
 */
function readMpegRuns(bytes: Uint8Array, start: number, name: string): MpegRun[] {
  const end = Math.max(start, tagsAtEnd(bytes));
  const first = frameAt(bytes, start);
  if (first === null) {
    throw formatError(
      name,
      start >= bytes.length
        ? 'it ends inside its ID3 tag, before any audio: the file is cut short.'
        : 'it starts like an MP3 but contains no MPEG Layer III frame.',
    );
  }
  const runs: RunBuilder[] = [];
  let duration = 0;
  for (let position = start; position < end; ) {
    const frame = frameAt(bytes, position);
    if (frame?.size === null && position === start) throw freeFormat(name);
    if (frame === null || frame.size === null) {
      const after = skipTags(bytes, position);
      if (after > position && after < end) {
        position = after; // one file appended to another
        continue;
      }
      if (hasMoreFrames(bytes, position)) {
        throw formatError(name, `expected an MP3 frame at byte ${position}: the file is damaged.`);
      }
      break; // padding, or a tag of another kind
    }
    if (form(frame) !== form(first)) throw changeError(name, form(first), form(frame), duration);
    if (position + frame.size > end) {
      throw formatError(
        name,
        `its last MP3 frame has ${end - position} of ${frame.size} bytes: the file is cut short.`,
      );
    }
    const content = bytes.subarray(position, position + frame.size);
    const information = informationIn(content, frame);
    if (information !== null || runs.length === 0) runs.push(new RunBuilder(frame, information));
    if (information?.kind !== 'VBRI') runs.at(-1)?.frames.push(content);
    if (information === null) duration += frame.samples / frame.sampleRate;
    position += frame.size;
  }
  return runs.map((run) => run.finish(name));
}

/** Whether an MP3 starts at `position`: enough frames of one format in a row to prove it. */
export function isMpegStart(bytes: Uint8Array, position: number): boolean {
  const first = frameAt(bytes, position);
  if (first === null) return false;
  let at = position;
  for (let count = 0; count < provingFrames; count++) {
    const frame = frameAt(bytes, at);
    if (frame === null || form(frame) !== form(first)) return false;
    if (frame.size === null) return false;
    at += frame.size;
  }
  return true;
}

interface MpegFrame {
  readonly mpeg1: boolean;
  readonly channels: 1 | 2;
  readonly sampleRate: number;
  /** Samples of each channel. */
  readonly samples: number;
  /** Bytes, null for free format. */
  readonly size: number | null;
  /** Bytes of the header and its checksum. */
  readonly headerSize: number;
}

function frameAt(bytes: Uint8Array, position: number): MpegFrame | null {
  if (position + 4 > bytes.length) return null;
  const byte = (index: number): number => bytes[position + index] as number;
  const version = (byte(1) >> 3) & 3; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const layer = (byte(1) >> 1) & 3; // 1: Layer III
  const rateIndex = (byte(2) >> 2) & 3;
  const bitIndex = byte(2) >> 4;
  const synchronized = byte(0) === 0xff && (byte(1) & 0xe0) === 0xe0;
  if (!synchronized || version === 1 || layer !== 1 || rateIndex === 3 || bitIndex === 15) {
    return null;
  }
  const mpeg1 = version === 3;
  const channels = byte(3) >> 6 === 3 ? 1 : 2;
  const divisor = mpeg1 ? 1 : version === 2 ? 2 : 4;
  const sampleRate = (sampleRates[rateIndex] as number) / divisor;
  const samples = mpeg1 ? 1152 : 576;
  const headerSize = (byte(1) & 1) === 0 ? 6 : 4;
  const kilobits = (mpeg1 ? bitRates.mpeg1 : bitRates.mpeg2)[bitIndex] as number;
  const padding = (byte(2) >> 1) & 1;
  const size =
    kilobits === 0 ? null : Math.floor(((samples / 8) * kilobits * 1000) / sampleRate) + padding;
  return { mpeg1, channels, sampleRate, samples, size, headerSize };
}

function form({ sampleRate, channels }: MpegFrame): string {
  return formText(sampleRate, channels);
}

class RunBuilder {
  readonly frames: Uint8Array[] = [];

  constructor(
    private readonly first: MpegFrame,
    private readonly information: Information | null,
  ) {}

  finish(name: string): MpegRun {
    const { frames, first, information } = this;
    const { sampleRate, channels, samples } = first;
    const isInside = information !== null && information.kind !== 'VBRI';
    const count = isInside ? frames.length - 1 : frames.length;
    const promised = information?.frames ?? 0;
    if (count < promised) {
      throw formatError(
        name,
        `its MP3 header promises ${promised} frames, but ${count} are there: the file is cut short.`,
      );
    }
    return {
      frames,
      sampleRate,
      channels,
      samples: count * samples,
      padding: information?.padding ?? 0,
    };
  }
}

/** The frame without audio that an encoder puts first. */
interface Information {
  readonly kind: 'Xing' | 'VBRI';
  /** How many follow; 0 where it does not say. */
  readonly frames: number;
  /** Samples that the encoder added at the beginning and the end. */
  readonly padding: number;
}

/** Null when the frame is ordinary audio. */
function informationIn(bytes: Uint8Array, frame: MpegFrame): Information | null {
  const view = viewOf(bytes);
  if (hasText(bytes, 'VBRI', 36) && bytes.length >= 54) {
    return { kind: 'VBRI', frames: view.getUint32(50), padding: 0 };
  }
  const sideInformation = frame.mpeg1
    ? frame.channels === 1
      ? 17
      : 32
    : frame.channels === 1
      ? 9
      : 17;
  const tag = [frame.headerSize, 4]
    .map((header) => header + sideInformation)
    .find((at) => hasText(bytes, 'Xing', at) || hasText(bytes, 'Info', at));
  if (tag === undefined || tag + 12 > bytes.length) return null;
  const fields = view.getUint32(tag + 4);
  const frames = (fields & 1) !== 0 ? view.getUint32(tag + 8) : 0;
  const sizes = [4, 4, 100, 4]; // frames, bytes, table of contents, quality
  const encoder = sizes.reduce((at, size, bit) => at + ((fields >> bit) & 1) * size, tag + 8);
  if (encoder + 24 > bytes.length || bytes[encoder] === 0)
    return { kind: 'Xing', frames, padding: 0 };
  const padding = view.getUint32(encoder + 20) & 0xff_ffff; // 12 bits each
  return { kind: 'Xing', frames, padding: (padding >> 12) + (padding & 0xfff) };
}

/** Whether two consecutive frames follow anywhere after `position`: no tag looks like that. */
function hasMoreFrames(bytes: Uint8Array, position: number): boolean {
  for (let at = position; at + 4 <= bytes.length; at++) {
    const size = bytes[at] === 0xff ? frameAt(bytes, at)?.size : null;
    if (size && frameAt(bytes, at + size)?.size) return true;
  }
  return false;
}

function freeFormat(name: string): Error {
  return formatError(
    name,
    'it is an MP3 in free format (its header gives no bit rate), which fewsound cannot read. ' +
      'Convert it, for example with `lame --decode in.mp3 out.wav`.',
  );
}

/**
 * Decodes an MP3 file, without the padding at both ends where the encoder says how much it added.
 * Where files were appended to each other, each is decoded as it would be alone.
 *
 * @param start where the first frame is
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT, INTERNAL
 */
export async function decodeMp3(
  bytes: Uint8Array,
  start: number,
  name: string,
): Promise<DecodedAudio> {
  const parts: DecodedAudio[] = [];
  for (const run of readMpegRuns(bytes, start, name)) parts.push(await decodeRun(run, name));
  return joinAudio(parts, name);
}

async function decodeRun(run: MpegRun, name: string): Promise<DecodedAudio> {
  const decoder = await startDecoder('mp3', ({ MPEGDecoder }) => whenReady(new MPEGDecoder()));
  try {
    const { errors, channelData, samplesDecoded, sampleRate } = quietly(() =>
      decoder.decode(Buffer.concat(run.frames)),
    );
    if (errors.length > 0) throw new Error(errors[0]?.message);
    const least = run.samples - run.padding;
    if (sampleRate !== run.sampleRate || samplesDecoded > run.samples || samplesDecoded < least) {
      throw new Error(`${samplesDecoded} samples instead of ${least} at ${run.sampleRate} Hz`);
    }
    const channels = channelData.slice(0, run.channels).map((samples) => new Float32Array(samples));
    return { channels, sampleRate };
  } catch (error) {
    throw formatError(
      name,
      `its MP3 frames cannot be decoded (${error}): the file is damaged.`,
      error,
    );
  } finally {
    decoder.free();
  }
}
