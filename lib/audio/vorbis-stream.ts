import { formatError } from './checks.js';
import { type DecodedAudio, joinSamples } from './decoded-audio.js';
import { startDecoder } from './decoder-library.js';
import { spanOf, type TimedPage } from './granules.js';
import type { OggPackets, OggStream } from './ogg-pages.js';

/** Identification, comment, setup. */
const headerCount = 3;

/**
 * Decodes a stream of Vorbis in Ogg.
 *
 * @internal
 * @throws FewSoundError FILE_FORMAT, INTERNAL
 */
export async function decodeVorbis(stream: OggStream, name: string): Promise<DecodedAudio> {
  const { headers, pages } = withoutHeaders(stream, headerCount);
  const [identification, , setup] = headers;
  if (identification === undefined || setup === undefined || identification.length < 30) {
    throw formatError(name, 'its Vorbis headers are not complete: the file is cut short.');
  }
  const sampleRate = new DataView(identification.buffer, identification.byteOffset).getUint32(
    12,
    true,
  );
  const decoder = await startDecoder('vorbis', async ({ OggVorbisDecoder }) => {
    const started = new OggVorbisDecoder();
    await started.ready;
    return started;
  });
  // The library's own parser of Ogg makes such pages, of which it looks at these fields only.
  type Page = Parameters<typeof decoder.decodeOggPages>[0][number];
  const decode = async (packets: readonly Uint8Array[]) => {
    const page = {
      data: Buffer.from(identification),
      codecFrames: packets.map((packet) => ({
        data: Buffer.from(packet),
        header: { vorbisSetup: Buffer.from(setup) },
      })),
      isLastPage: false,
    };
    const { errors, channelData } = await decoder.decodeOggPages([page as unknown as Page]);
    if (errors.length > 0) throw new Error(errors[0]?.message);
    return channelData;
  };
  const pieces: Float32Array[][] = [];
  const timed: TimedPage[] = [];
  try {
    for (const { packets, granule, last } of pages) {
      // An empty packet or one of another type (lowest bit set) holds no sound.
      const sound = packets.filter(
        (packet) => packet.length > 0 && ((packet[0] as number) & 1) === 0,
      );
      const channels = await decode(sound);
      pieces.push(channels);
      timed.push({ count: channels[0]?.length ?? 0, granule, last });
    }
  } catch (error) {
    throw formatError(name, `its Vorbis sound cannot be decoded (${error}): it is damaged.`, error);
  } finally {
    decoder.free();
  }
  const { start, end } = spanOf(timed, sampleRate, true, name);
  const channelCount = identification[11] as number;
  const channels = Array.from({ length: channelCount }, (_, channel) => {
    return joinSamples(pieces.flatMap((piece) => piece[channel] ?? [])).subarray(start, end);
  });
  return { channels, sampleRate };
}

/**
 * A stream's first packets, and its pages without them.
 *
 * @internal
 */
export function withoutHeaders(
  { pages }: OggStream,
  count: number,
): { headers: Uint8Array[]; pages: OggPackets[] } {
  const headers: Uint8Array[] = [];
  const others: OggPackets[] = [];
  for (const page of pages) {
    const taken = Math.min(count - headers.length, page.packets.length);
    headers.push(...page.packets.slice(0, taken));
    const packets = page.packets.slice(taken);
    if (packets.length > 0 || (taken === 0 && headers.length === count))
      others.push({ ...page, packets });
  }
  return { headers, pages: others };
}
