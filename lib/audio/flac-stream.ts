import { createHash, type Hash } from 'node:crypto';
import { hasText, viewOf } from './bytes.js';
import { formatError } from './checks.js';
import { changeError, type DecodedAudio, formText, joinSamples } from './decoded-audio.js';
import {
  decodeFlacFrame,
  type FlacFrame,
  type FlacSamples,
  type FlacStreamInfo,
  mayBeFlacFrame,
} from './flac-frame.js';
import type { OggStream } from './ogg-pages.js';
import { spanOf } from './ogg-pages.js';

const marker = 'fLaC';
const streamInfoSize = 34;
/** Bytes before the marker in the first packet of FLAC in Ogg. */
const oggHeadSize = 9;

/** Whether a FLAC file starts at `position`: its marker and the block that must come first. */
export function isFlacStart(bytes: Uint8Array, position: number): boolean {
  return (
    hasText(bytes, marker, position) &&
    ((bytes[position + 4] ?? 0xff) & 0x7f) === 0 &&
    hasText(bytes, '\0\0\x22', position + 5)
  );
}

/**
 * Decodes a FLAC file (RFC 9639), integers divided by 2^(bits-1). All samples that the header
 * promises must be there, in consecutive frames, and match the MD5 in the header. Tags and stray
 * bytes may follow the last frame.
 *
 * @param name how errors call the file
 * @throws FewSoundError FILE_FORMAT
 */
export function decodeFlac(bytes: Uint8Array, name: string): DecodedAudio {
  const info = readStreamInfo(bytes.subarray(0, 8 + streamInfoSize), name);
  let position = 4;
  for (let last = false; !last; ) {
    if (position + 4 > bytes.length) throw headerCut(name);
    last = ((bytes[position] as number) & 0x80) !== 0;
    position += 4 + (viewOf(bytes).getUint32(position) & 0xff_ffff);
  }
  const stream = new FlacAssembly(info, name);
  while (position < bytes.length && !stream.isComplete) {
    const frame = decodeFlacFrame(bytes.subarray(position), info);
    if (typeof frame === 'string') {
      if (info.totalSamples === null && nextFrame(bytes, position + 1, info) < 0) break;
      throw stream.broken(frame, position);
    }
    stream.add(frame);
    position += frame.size;
  }
  const audio = stream.finish();
  requireNoMore(bytes, position, info, name);
  return audio;
}

/**
 * Decodes a stream of FLAC in Ogg: each packet is a frame.
 *
 * @throws FewSoundError FILE_FORMAT
 */
export function decodeOggFlac({ pages }: OggStream, name: string): DecodedAudio {
  const head = pages[0]?.packets[0] as Uint8Array;
  const info = readStreamInfo(head.subarray(oggHeadSize), name);
  const stream = new FlacAssembly(info, name);
  const timed = pages.map(({ packets, granule, last }) => {
    const before = stream.length;
    for (const packet of packets) {
      // Packets of metadata, such as the first one, start with other bytes than frames.
      if (packet[0] !== 0xff) continue;
      const frame = decodeFlacFrame(packet, info);
      if (typeof frame === 'string') throw stream.broken('damaged', null);
      stream.add(frame);
    }
    return { count: stream.length - before, granule, last };
  });
  const audio = stream.finish();
  spanOf(
    timed.filter(({ count }) => count > 0),
    info.sampleRate,
    false,
    name,
  );
  return audio;
}

function readStreamInfo(bytes: Uint8Array, name: string): FlacStreamInfo {
  if (!hasText(bytes, marker, 0) || bytes.length < 8 + streamInfoSize) throw headerCut(name);
  const view = viewOf(bytes.subarray(8));
  const packed = view.getUint32(10); // 20 bits of rate, 3 of channels, 5 of width, 4 of length
  const totalSamples = (packed & 0x0f) * 2 ** 32 + view.getUint32(14);
  const md5 = Buffer.from(bytes.subarray(26, 42)).toString('hex');
  const info = {
    sampleRate: packed >>> 12,
    channels: ((packed >>> 9) & 7) + 1,
    bitsPerSample: ((packed >>> 4) & 0x1f) + 1,
    totalSamples: totalSamples === 0 ? null : totalSamples,
    md5: /^0+$/.test(md5) ? null : md5,
  };
  if (info.sampleRate === 0 || info.bitsPerSample < 4) {
    throw formatError(
      name,
      `its FLAC header is invalid: ${info.sampleRate} Hz, ${info.bitsPerSample}-bit samples.`,
    );
  }
  return info;
}

class FlacAssembly {
  length = 0;
  private readonly pieces: Float32Array[][] = [];
  private readonly hash: Hash | null;
  private last: FlacFrame | null = null;

  constructor(
    private readonly info: FlacStreamInfo,
    private readonly name: string,
  ) {
    this.hash = info.md5 === null ? null : md5();
  }

  get isComplete(): boolean {
    return this.info.totalSamples !== null && this.length >= this.info.totalSamples;
  }

  add(frame: FlacFrame): void {
    const { info, last, name } = this;
    const form = formText(frame.sampleRate, frame.channels.length);
    const expected = formText(info.sampleRate, info.channels);
    if (form !== expected || frame.bitsPerSample !== info.bitsPerSample) {
      const width = (bits: number): string => `, ${bits} bits`;
      throw changeError(
        name,
        expected + width(info.bitsPerSample),
        form + width(frame.bitsPerSample),
        this.length / info.sampleRate,
      );
    }
    const expectedNumber = last === null ? 0 : numberAfter(last);
    if (frame.number !== expectedNumber) {
      throw formatError(
        name,
        `found FLAC frame ${frame.number} where ${expectedNumber} was expected: part of the audio is ` +
          'missing or the file is damaged.',
      );
    }
    this.pieces.push(
      frame.channels.map((samples) => scaled(samples, 2 ** (1 - info.bitsPerSample))),
    );
    this.hash?.update(littleEndian(frame.channels, info.bitsPerSample));
    this.length += frame.channels[0]?.length ?? 0;
    this.last = frame;
  }

  broken(problem: 'cut' | 'damaged', position: number | null): Error {
    const { name, length, info } = this;
    const where = position === null ? '' : ` at byte ${position}`;
    return formatError(
      name,
      problem === 'cut'
        ? `its last FLAC frame${where} is incomplete: the file is cut short.`
        : `expected a FLAC frame${where}, after ${(length / info.sampleRate).toFixed(2)} s: ` +
            'the file is damaged.',
    );
  }

  finish(): DecodedAudio {
    const { info, name, length } = this;
    if (info.totalSamples !== null && length !== info.totalSamples) {
      throw formatError(
        name,
        `its FLAC header promises ${info.totalSamples} samples, but ${length} could be decoded. ` +
          'The file is cut short or damaged.',
      );
    }
    if (this.hash !== null && this.hash.digest('hex') !== info.md5) {
      throw formatError(
        name,
        'its samples do not match the MD5 in its FLAC header: the file is damaged.',
      );
    }
    const channels = Array.from({ length: info.channels }, (_, channel) =>
      joinSamples(this.pieces.map((piece) => piece[channel] as Float32Array)),
    );
    return { channels, sampleRate: info.sampleRate };
  }
}

function scaled(integers: FlacSamples, scale: number): Float32Array {
  const samples = new Float32Array(integers.length);
  for (let i = 0; i < samples.length; i++) samples[i] = (integers[i] as number) * scale;
  return samples;
}

function numberAfter({ number, variable, channels }: FlacFrame): number {
  return number + (variable ? (channels[0]?.length ?? 0) : 1);
}

/** Checks that neither more audio nor another file follows the last frame. */
function requireNoMore(bytes: Uint8Array, from: number, info: FlacStreamInfo, name: string): void {
  for (let at = from; at + 4 < bytes.length; at++) {
    if (isFlacStart(bytes, at)) {
      throw formatError(
        name,
        `a second FLAC file starts at byte ${at}. Split the two, or convert each separately.`,
      );
    }
  }
  const more = nextFrame(bytes, from, info);
  if (more >= 0) {
    throw formatError(
      name,
      `FLAC frames follow the ${info.totalSamples} samples that its header promises (byte ${more}): ` +
        'the file is damaged.',
    );
  }
}

/** Where the next whole frame starts; -1 where there is none. */
function nextFrame(bytes: Uint8Array, from: number, info: FlacStreamInfo): number {
  for (let at = from; at + 2 < bytes.length; at++) {
    const isFrame =
      mayBeFlacFrame(bytes, at) && typeof decodeFlacFrame(bytes.subarray(at), info) !== 'string';
    if (isFrame) return at;
  }
  return -1;
}

/** The samples of a frame as the encoder's checksum has them: interleaved, in whole bytes. */
function littleEndian(channels: readonly FlacSamples[], bits: number): Uint8Array {
  const width = Math.ceil(bits / 8);
  const length = channels[0]?.length ?? 0;
  const bytes = new Uint8Array(length * channels.length * width);
  for (const [channel, samples] of channels.entries()) {
    let at = channel * width;
    for (let i = 0; i < length; i++) {
      const value = samples[i] as number;
      for (let byte = 0; byte < width; byte++) bytes[at + byte] = value >> (8 * byte);
      at += channels.length * width;
    }
  }
  return bytes;
}

/** Null where the system allows no MD5 (FIPS). */
function md5(): Hash | null {
  try {
    return createHash('md5');
  } catch {
    return null;
  }
}

function headerCut(name: string): Error {
  return formatError(name, 'its FLAC header is incomplete: the file is cut short.');
}
