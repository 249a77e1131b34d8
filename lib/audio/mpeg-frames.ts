import { hasText, skipId3 } from './audio-format.js';
import { formatError } from './checks.js';

/** Bit rates of Layer III in kbit/s by header index; 0 is "free format", of unknown frame length. */
const bitRates = {
  mpeg1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  mpeg2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const sampleRates = [44_100, 48_000, 32_000];

/**
 * Checks that an MP3 file is whole, as far as that can be told without decoding: its frames follow
 * each other without a gap, the last one is complete, and there are as many as the encoder's
 * information frame (Xing or Info) promises, where it has one. A file without such a frame that was
 * cut exactly between two frames cannot be told from a shorter recording.
 *
 * @internal
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT
 */
export function checkMpegFrames(bytes: Uint8Array, name: string): void {
  let position = skipId3(bytes);
  const first = frameAt(bytes, position);
  if (first === null) {
    throw formatError(
      name,
      position >= bytes.length
        ? 'it ends inside its ID3 tag, before any audio: the file is cut short.'
        : 'it starts like an MP3 but holds no MPEG Layer III frame.',
    );
  }
  if (first.size === null) return;

  const promised = promisedFrames(bytes, position, first);
  let frames = promised === null ? 0 : -1; // the information frame does not count itself
  while (position < bytes.length) {
    const frame = frameAt(bytes, position);
    if (frame === null || frame.size === null) {
      const after = skipId3(bytes, position);
      if (after > position && after < bytes.length) {
        position = after; // one file appended to another
        continue;
      }
      if (hasMoreFrames(bytes, position)) {
        throw formatError(name, `there is no MP3 frame at byte ${position}: the file is damaged.`);
      }
      break; // a tag at the end
    }
    if (position + frame.size > bytes.length) {
      throw formatError(
        name,
        `its last MP3 frame has ${bytes.length - position} of ${frame.size} bytes: ` +
          'the file is cut short.',
      );
    }
    frames++;
    position += frame.size;
  }
  if (promised !== null && frames < promised) {
    throw formatError(
      name,
      `its MP3 header promises ${promised} frames, but ${frames} are there: the file is cut short.`,
    );
  }
}

interface MpegFrame {
  readonly mpeg1: boolean;
  readonly mono: boolean;
  /** Bytes, null for free format. */
  readonly size: number | null;
}

function frameAt(bytes: Uint8Array, position: number): MpegFrame | null {
  if (position + 4 > bytes.length) return null;
  const byte = (index: number): number => bytes[position + index] as number;
  const version = (byte(1) >> 3) & 3; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const layer = (byte(1) >> 1) & 3; // 1: Layer III
  const rateIndex = (byte(2) >> 2) & 3;
  const bitIndex = byte(2) >> 4;
  const synchronised = byte(0) === 0xff && (byte(1) & 0xe0) === 0xe0;
  if (!synchronised || version === 1 || layer !== 1 || rateIndex === 3 || bitIndex === 15) {
    return null;
  }
  const mpeg1 = version === 3;
  const mono = byte(3) >> 6 === 3;
  const kilobits = (mpeg1 ? bitRates.mpeg1 : bitRates.mpeg2)[bitIndex] as number;
  if (kilobits === 0) return { mpeg1, mono, size: null };
  const divisor = mpeg1 ? 1 : version === 2 ? 2 : 4;
  const sampleRate = (sampleRates[rateIndex] as number) / divisor;
  const padding = (byte(2) >> 1) & 1;
  const size = Math.floor(((mpeg1 ? 144 : 72) * kilobits * 1000) / sampleRate) + padding;
  return { mpeg1, mono, size };
}

/** Frame count of a Xing or Info frame, null when the first frame is ordinary audio. */
function promisedFrames(bytes: Uint8Array, position: number, frame: MpegFrame): number | null {
  const sideInformation = frame.mpeg1 ? (frame.mono ? 17 : 32) : frame.mono ? 9 : 17;
  const tag = position + 4 + sideInformation;
  if (!hasText(bytes, 'Xing', tag) && !hasText(bytes, 'Info', tag)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (tag + 12 > bytes.length) return null;
  const hasCount = (view.getUint32(tag + 4) & 1) !== 0;
  return hasCount ? view.getUint32(tag + 8) : 0;
}

/** Whether two frames in a row follow somewhere behind `position`: no tag looks like that. */
function hasMoreFrames(bytes: Uint8Array, position: number): boolean {
  for (let at = position; at + 4 <= bytes.length; at++) {
    const size = bytes[at] === 0xff ? frameAt(bytes, at)?.size : null;
    if (size && frameAt(bytes, at + size)?.size) return true;
  }
  return false;
}
