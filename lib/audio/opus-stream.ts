import { viewOf } from './bytes.js';
import { formatError } from './checks.js';
import type { DecodedAudio } from './decoded-audio.js';
import { quietly, startDecoder } from './decoder-library.js';
import { spanOf } from './granules.js';
import type { OggStream } from './ogg-pages.js';
import { withoutHeaders } from './vorbis-stream.js';

/** Opus counts and decodes at this rate, whatever was recorded. */
const sampleRate = 48_000;

interface OpusHead {
  readonly channels: number;
  /** Samples at the beginning that are no sound. */
  readonly preSkip: number;
  /** Q7.8 dB. */
  readonly outputGain: number;
  readonly streamCount: number;
  readonly coupledStreamCount: number;
  readonly channelMappingTable: number[];
}

/**
 * Decodes a stream of Opus in Ogg (RFC 7845), at 48 kHz, with the gain that its header asks for.
 *
 * @internal
 * @throws FewSoundError FILE_FORMAT, INTERNAL
 */
export async function decodeOpus(stream: OggStream, name: string): Promise<DecodedAudio> {
  const { headers, pages } = withoutHeaders(stream, 2);
  const head = readHead(headers[0] as Uint8Array, name);
  const timed = pages.map(({ packets, granule, last }) => {
    const count = packets.reduce((sum, packet) => sum + packetDuration(packet, name), 0);
    return { count, granule, last };
  });
  const { end } = spanOf(timed, sampleRate, false, name);
  const decoder = await startDecoder('opus', ({ createOpusDecoder }) => createOpusDecoder());
  try {
    const packets = pages.flatMap((page) => page.packets).map((packet) => Buffer.from(packet));
    const { channelData, errors } = quietly(() => {
      decoder.configure({ ...head, preSkip: 0, sampleRate });
      return decoder.decodeFrames(packets);
    });
    if (errors.length > 0) throw new Error(errors[0]?.message);
    const expected = timed.reduce((sum, { count }) => sum + count, 0);
    if (channelData.some(({ length }) => length !== expected)) {
      throw new Error(`${channelData[0]?.length} samples instead of ${expected}`);
    }
    return {
      channels: channelData.map((samples) => new Float32Array(samples.subarray(head.preSkip, end))),
      sampleRate,
    };
  } catch (error) {
    throw formatError(name, `its Opus sound cannot be decoded (${error}): it is damaged.`, error);
  } finally {
    decoder.free();
  }
}

function readHead(packet: Uint8Array, name: string): OpusHead {
  const view = viewOf(packet);
  const family = packet[18];
  const channels = packet[9] ?? 0;
  if (family === undefined || channels === 0 || (family > 0 && packet.length < 21 + channels)) {
    throw formatError(name, 'its Opus header is not complete: the file is cut short.');
  }
  if (
    (packet[8] as number) >> 4 !== 0 ||
    ![0, 1, 2, 255].includes(family) ||
    (family === 0 && channels > 2)
  ) {
    throw formatError(
      name,
      `its Opus header has version ${packet[8]} and channel mapping ${family} for ${channels} channels; ` +
        'fewsound reads version 1 with mappings 0, 1, 2 and 255. Convert it, for example with ' +
        '`ffmpeg -i in.opus out.wav`.',
    );
  }
  return {
    channels,
    preSkip: view.getUint16(10, true),
    outputGain: view.getInt16(16, true),
    streamCount: family === 0 ? 1 : (packet[19] as number),
    coupledStreamCount: family === 0 ? channels - 1 : (packet[20] as number),
    channelMappingTable:
      family === 0 ? [0, 1].slice(0, channels) : Array.from(packet.subarray(21, 21 + channels)),
  };
}

/** Samples of a packet by its first bytes (RFC 6716, section 3.1). */
function packetDuration(packet: Uint8Array, name: string): number {
  const [toc, second = 0] = packet;
  if (toc === undefined)
    throw formatError(name, 'it has an empty Opus packet: the file is damaged.');
  const config = toc >> 3;
  const milliseconds =
    config < 12
      ? ([10, 20, 40, 60][config & 3] as number)
      : config < 16
        ? ([10, 20][config & 1] as number)
        : ([2.5, 5, 10, 20][config & 3] as number);
  const frames = [1, 2, 2, second & 0x3f][toc & 3] as number;
  return (frames * milliseconds * sampleRate) / 1000;
}
