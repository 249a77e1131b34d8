import { hasText, viewOf } from './bytes.js';
import { formatError } from './checks.js';
import { changeError, type DecodedAudio, joinAudio, joinSamples } from './decoded-audio.js';
import { quietly, startDecoder, whenReady } from './decoder-library.js';
import { decodeOggFlac } from './flac-stream.js';
import {
  firstOggPackets,
  type OggPackets,
  type OggStream,
  readOggStreams,
  spanOf,
  type TimedPage,
} from './ogg-pages.js';

/** Identification, comment, setup. */
const headerCount = 3;

/** Decodes a stream of Vorbis in Ogg. */
async function decodeVorbis(stream: OggStream, name: string): Promise<DecodedAudio> {
  const { headers, pages } = withoutHeaders(stream, headerCount);
  const [identification, , setup] = headers;
  if (identification === undefined || setup === undefined || identification.length < 30) {
    throw formatError(name, 'its Vorbis headers are incomplete: the file is cut short.');
  }
  const sampleRate = viewOf(identification).getUint32(12, true);
  const decoder = await startDecoder('vorbis', ({ OggVorbisDecoder }) =>
    whenReady(new OggVorbisDecoder()),
  );
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
      // Empty packets and those of other types (lowest bit set) have no audio.
      const sound = packets.filter(
        (packet) => packet.length > 0 && ((packet[0] as number) & 1) === 0,
      );
      const channels = await decode(sound);
      pieces.push(channels);
      timed.push({ count: channels[0]?.length ?? 0, granule, last });
    }
  } catch (error) {
    throw formatError(
      name,
      `its Vorbis audio cannot be decoded (${error}): the file is damaged.`,
      error,
    );
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

/** A stream's first packets, and its pages without them. */
function withoutHeaders(
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

/** Opus counts and decodes at this rate, whatever was recorded. */
const sampleRate = 48_000;

interface OpusHead {
  readonly channels: number;
  /** Samples at the start that are not audio. */
  readonly preSkip: number;
  /** Q7.8 dB. */
  readonly outputGain: number;
  readonly streamCount: number;
  readonly coupledStreamCount: number;
  readonly channelMappingTable: number[];
}

/**
 * Decodes a stream of Opus in Ogg (RFC 7845), at 48 kHz, with the gain that its header asks for.
 */
async function decodeOpus(stream: OggStream, name: string): Promise<DecodedAudio> {
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
    throw formatError(
      name,
      `its Opus audio cannot be decoded (${error}): the file is damaged.`,
      error,
    );
  } finally {
    decoder.free();
  }
}

function readHead(packet: Uint8Array, name: string): OpusHead {
  const view = viewOf(packet);
  const family = packet[18];
  const channels = packet[9] ?? 0;
  if (family === undefined || channels === 0 || (family > 0 && packet.length < 21 + channels)) {
    throw formatError(name, 'its Opus header is incomplete: the file is cut short.');
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

/** Codecs by the start of their first packet. */
const codecs = {
  vorbis: { magic: '\x01vorbis', decode: decodeVorbis },
  opus: { magic: 'OpusHead', decode: decodeOpus },
  flac: { magic: '\x7fFLAC', decode: decodeOggFlac },
};
type OggCodec = keyof typeof codecs;

/** Other streams by the start of their first packet. */
const otherStreams: readonly (readonly [magic: string, found: string])[] = [
  ['Speex   ', 'Speex audio'],
  ['CELT    ', 'CELT audio'],
  ['PCM     ', 'PCM audio'],
  ['\x80theora', 'Theora video'],
  ['OVP80', 'VP8 video'],
  ['BBCD', 'Dirac video'],
];

/**
 * Decodes the audio of an Ogg file: Vorbis, Opus or FLAC. The links of a chain are decoded one
 * after the other, each as it would be alone; all must have the same codec, rate and number of
 * channels. Streams beside the audio (a Skeleton, video, subtitles) are ignored.
 *
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT, also for two streams of sound side by side
 */
export async function decodeOgg(
  bytes: Uint8Array,
  name: string,
): Promise<DecodedAudio & { readonly format: OggCodec }> {
  const heads = firstOggPackets(bytes);
  if (!heads.some(codecOf)) throw formatError(name, describeOther(heads));
  let format: OggCodec | undefined;
  let duration = 0;
  const links: DecodedAudio[] = [];
  for (const streams of readOggStreams(bytes, name)) {
    const [codec, stream] = soundOf(streams, name);
    format ??= codec;
    if (codec !== format) throw changeError(name, format, codec, duration);
    const link = await codecs[codec].decode(stream, name);
    links.push(link);
    duration += (link.channels[0]?.length ?? 0) / link.sampleRate;
  }
  return { ...joinAudio(links, name), format: format as OggCodec };
}

function soundOf(streams: readonly OggStream[], name: string): [OggCodec, OggStream] {
  const heads = streams.map((stream) => stream.pages[0]?.packets[0]);
  const sound = streams.flatMap((stream, i): [OggCodec, OggStream][] => {
    const codec = codecOf(heads[i]);
    return codec === undefined ? [] : [[codec, stream]];
  });
  const [only] = sound;
  if (only !== undefined && sound.length === 1) return only;
  throw formatError(
    name,
    sound.length > 1
      ? `it has ${sound.length} audio streams side by side (${sound.map(([codec]) => codec).join(', ')}). ` +
          'Extract one, for example with `ffmpeg -i in.ogg -map 0:a:0 out.wav`.'
      : describeOther(heads),
  );
}

function codecOf(packet: Uint8Array | undefined): OggCodec | undefined {
  if (packet === undefined) return undefined;
  return (Object.keys(codecs) as OggCodec[]).find((codec) =>
    hasText(packet, codecs[codec].magic, 0),
  );
}

function describeOther(heads: readonly (Uint8Array | undefined)[]): string {
  const found = otherStreams.find(([magic]) =>
    heads.some((head) => head && hasText(head, magic, 0)),
  );
  const what = found?.[1] ?? 'a stream of an unknown kind';
  return (
    `it is ${what} in Ogg; fewsound reads Vorbis, Opus and FLAC in Ogg. ` +
    'Convert it, for example with `ffmpeg -i in.ogg out.wav`.'
  );
}
