import { crcTable, hasText, viewOf } from './bytes.js';
import { formatError } from './checks.js';
import { isHarmless } from './tags.js';

/**
 * How far a page may run ahead of the samples before it, seconds: the shortest packet of Opus. Less
 * is no lost packet but the rounding of programs that count in milliseconds.
 */
const tolerance = 0.0025;

/** A page of audio: where it says that it ends, and how many samples it decodes to. */
export interface TimedPage extends Pick<OggPackets, 'granule' | 'last'> {
  readonly count: number;
}

/** The decoded samples that belong to the audio. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Which of the decoded samples are audio, by the timestamps of the pages: the last page may end
 * before its packets do, and where `mayTrimStart` (Vorbis) the first one may start before the audio
 * does. A recording cut from a longer one starts later than 0.
 *
 * @throws FewSoundError FILE_FORMAT where samples are missing between two pages
 */
export function spanOf(
  pages: readonly TimedPage[],
  sampleRate: number,
  mayTrimStart: boolean,
  name: string,
): Span {
  let count = 0; // samples decoded up to the end of the page
  let start = 0;
  let end: number | null = null;
  let known: { count: number; granule: number } | null = null; // the last page with a time stamp
  for (const page of pages) {
    count += page.count;
    if (page.granule === null) continue;
    if (known === null) {
      let origin = page.granule - count; // time stamp of the first decoded sample
      if (origin < 0 && page.last)
        origin = 0; // the only page: it is the end that is cut
      else if (origin < 0 && mayTrimStart) start = Math.min(-origin, count);
      known = { count: 0, granule: origin };
    }
    const ahead = page.granule - known.granule - (count - known.count);
    if (ahead > tolerance * sampleRate) {
      throw formatError(
        name,
        `${ahead} samples are missing before ${(page.granule / sampleRate).toFixed(2)} s, according to ` +
          'the timestamps of its Ogg pages: part of the audio was lost.',
      );
    }
    if (page.last) end = count + ahead;
    known = { count, granule: page.granule };
  }
  return { start, end: Math.max(start, Math.min(count, end ?? count)) };
}

const headerSize = 27;
const flags = { continued: 0x01, first: 0x02, last: 0x04 };
/** The granule position of a page on which no packet ends. */
const noGranule = -1;

interface OggPage {
  readonly serial: number;
  readonly sequence: number;
  readonly granule: number;
  readonly flags: number;
  /** The lacing values: a packet ends at the first one below 255. */
  readonly lacing: Uint8Array;
  readonly content: Uint8Array;
  readonly position: number;
}

/** The packets that end on one page. */
export interface OggPackets {
  readonly packets: readonly Uint8Array[];
  /** Samples up to the end of the last packet, as the codec counts; null if not given. */
  readonly granule: number | null;
  /** Whether the stream ends here. */
  readonly last: boolean;
}

/** One logical stream, from its first page to its last. */
export interface OggStream {
  readonly serial: number;
  readonly pages: OggPackets[];
}

/**
 * Takes an Ogg file apart (RFC 3533): the links of the chain in order, and the streams that run
 * side by side in each. Every page must be complete and in sequence with a valid checksum, and
 * every stream must end before the next link starts. The decoders accept less without a word.
 *
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT
 */
export function readOggStreams(bytes: Uint8Array, name: string): OggStream[][] {
  const links: StreamBuilder[][] = [];
  const open = new Map<number, StreamBuilder>();
  let inHeads = false; // the first pages of a link's streams come before all others
  for (const page of pagesOf(bytes, name, () => open.size === 0 && links.length > 0)) {
    const isFirst = (page.flags & flags.first) !== 0;
    if (isFirst) {
      if (!inHeads) {
        if (open.size > 0)
          throw missing(name, page, 'a stream starts before the previous one has ended');
        links.push([]);
      }
      const stream = new StreamBuilder(page, name);
      open.set(page.serial, stream);
      links.at(-1)?.push(stream);
    }
    inHeads = isFirst;
    const stream = open.get(page.serial);
    if (stream === undefined)
      throw missing(name, page, 'it belongs to a stream without a first page');
    stream.add(page);
    if ((page.flags & flags.last) !== 0) {
      stream.end();
      open.delete(page.serial);
    }
  }
  if (open.size > 0) {
    throw formatError(name, 'it ends without an end-of-stream page of Ogg: the file is cut short.');
  }
  return links.map((streams) => streams.map(({ serial, pages }) => ({ serial, pages })));
}

/** The first packets of the streams at the start of an Ogg file, unchecked. */
export function firstOggPackets(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; hasText(bytes, 'OggS', at); ) {
    const size = pageSize(bytes, at);
    if (((bytes[at + 5] ?? 0) & flags.first) === 0 || size === null) break;
    packets.push(
      bytes.subarray(at + headerSize + (bytes[at + headerSize - 1] as number), at + size),
    );
    at += size;
  }
  return packets;
}

/** Collects the packets of one stream from its pages. */
class StreamBuilder implements OggStream {
  readonly serial: number;
  readonly pages: OggPackets[] = [];
  private sequence: number | null = null;
  /** The parts of a packet that continues on the next page. */
  private pending: Uint8Array[] = [];

  constructor(
    { serial }: OggPage,
    private readonly name: string,
  ) {
    this.serial = serial;
  }

  add(page: OggPage): void {
    if (this.sequence !== null && page.sequence !== (this.sequence + 1) >>> 0) {
      throw missing(
        this.name,
        page,
        `it is page ${page.sequence} of its stream and follows page ${this.sequence}`,
      );
    }
    this.sequence = page.sequence;
    if (((page.flags & flags.continued) !== 0) !== this.pending.length > 0) {
      throw missing(this.name, page, 'its first packet does not continue the previous page');
    }
    const packets: Uint8Array[] = [];
    let start = 0;
    let end = 0;
    for (const length of page.lacing) {
      end += length;
      if (length === 255) continue;
      this.pending.push(page.content.subarray(start, end));
      packets.push(
        this.pending.length === 1 ? (this.pending[0] as Uint8Array) : Buffer.concat(this.pending),
      );
      this.pending = [];
      start = end;
    }
    if (page.lacing.at(-1) === 255) this.pending.push(page.content.subarray(start, end));
    const last = (page.flags & flags.last) !== 0;
    const timed = page.granule !== noGranule && (packets.length > 0 || last);
    this.pages.push({ packets, granule: timed ? page.granule : null, last });
  }

  end(): void {
    if (this.pending.length > 0) {
      throw formatError(this.name, 'its last Ogg packet is incomplete: the file is cut short.');
    }
  }
}

function missing(name: string, { position }: OggPage, problem: string): Error {
  return formatError(
    name,
    `the Ogg page at byte ${position} is out of order (${problem}): part of the audio is missing ` +
      'or the file is damaged.',
  );
}

function* pagesOf(bytes: Uint8Array, name: string, mayEnd: () => boolean): Generator<OggPage> {
  const view = viewOf(bytes);
  let position = 0;
  while (position < bytes.length) {
    if (!hasText(bytes, 'OggS', position)) {
      // A tag or padding may follow the last page, not another page.
      if (mayEnd() && (isHarmless(bytes, position) || !hasPage(bytes, position))) return;
      throw formatError(name, `expected an Ogg page at byte ${position}: the file is damaged.`);
    }
    const size = pageSize(bytes, position);
    if (size === null || position + size > bytes.length) {
      throw formatError(
        name,
        `its last Ogg page (byte ${position}) is incomplete: the file is cut short.`,
      );
    }
    const page = bytes.subarray(position, position + size);
    if (checksum(page) !== view.getUint32(position + 22, true)) {
      throw formatError(
        name,
        `the Ogg page at byte ${position} has a wrong checksum: the file is damaged.`,
      );
    }
    const contentStart = headerSize + (page[headerSize - 1] as number);
    yield {
      serial: view.getUint32(position + 14, true),
      sequence: view.getUint32(position + 18, true),
      granule: Number(view.getBigInt64(position + 6, true)),
      flags: page[5] as number,
      lacing: page.subarray(headerSize, contentStart),
      content: page.subarray(contentStart),
      position,
    };
    position += size;
  }
}

function hasPage(bytes: Uint8Array, from: number): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('OggS', from);
}

/** Bytes of the page at `position`, null when its header does not fit into the file. */
function pageSize(bytes: Uint8Array, position: number): number | null {
  const segments = bytes[position + headerSize - 1];
  if (segments === undefined || position + headerSize + segments > bytes.length) return null;
  const table = bytes.subarray(position + headerSize, position + headerSize + segments);
  return headerSize + segments + table.reduce((sum, length) => sum + length, 0);
}

const pageCrc = crcTable(32, 0x04c1_1db7);

/** CRC-32 of RFC 3533: polynomial 0x04c11db7, not reflected, its own bytes taken as zero. */
function checksum(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : (page[i] as number);
    crc = (crc << 8) ^ (pageCrc[(crc >>> 24) ^ byte] as number);
  }
  return crc >>> 0;
}
