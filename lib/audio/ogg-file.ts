import { hasText } from './bytes.js';
import { formatError } from './checks.js';
import { changeError, type DecodedAudio, joinAudio } from './decoded-audio.js';
import { decodeOggFlac } from './flac-stream.js';
import { firstOggPackets, type OggStream, readOggStreams } from './ogg-pages.js';
import { decodeOpus } from './opus-stream.js';
import { decodeVorbis } from './vorbis-stream.js';

/** Codecs by what their first packet begins with. */
const codecs = {
  vorbis: { magic: '\x01vorbis', decode: decodeVorbis },
  opus: { magic: 'OpusHead', decode: decodeOpus },
  flac: { magic: '\x7fFLAC', decode: decodeOggFlac },
};
export type OggCodec = keyof typeof codecs;

/** Other streams by what their first packet begins with. */
const otherStreams: readonly (readonly [magic: string, found: string])[] = [
  ['Speex   ', 'Speex audio'],
  ['CELT    ', 'CELT audio'],
  ['PCM     ', 'PCM audio'],
  ['\x80theora', 'Theora video'],
  ['OVP80', 'VP8 video'],
  ['BBCD', 'Dirac video'],
];

/**
 * Decodes the sound of an Ogg file: Vorbis, Opus or FLAC. The links of a chain are decoded one
 * after the other, each as it would be alone; all must have the same codec, rate and number of
 * channels. What runs beside the sound (a Skeleton, video, subtitles) plays no part.
 *
 * @internal
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
      ? `${sound.length} streams of sound run side by side in it (${sound.map(([codec]) => codec).join(', ')}). ` +
          'Take one out, for example with `ffmpeg -i in.ogg -map 0:a:0 out.wav`.'
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
    `it is ${what} in Ogg, not sound that fewsound reads in Ogg (Vorbis, Opus, FLAC). ` +
    'Convert it, for example with `ffmpeg -i in.ogg out.wav`.'
  );
}
