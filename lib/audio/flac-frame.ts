import { BitReader, crcTable } from './bytes.js';

// Looked up once: in test runners with a context of their own, a global costs more than the work.
const { floor, imul } = Math;

/** What the STREAMINFO block of a FLAC stream says (RFC 9639, section 8.2). */
export interface FlacStreamInfo {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  /** Samples of each channel, null when the encoder did not know. */
  readonly totalSamples: number | null;
  /** Of all samples as little-endian integers, null when the encoder did not compute it. */
  readonly md5: string | null;
}

/** Integers of one channel. Doubles hold what the difference of two 32-bit channels needs. */
export type FlacSamples = Int32Array | Float64Array;

export interface FlacFrame {
  /** Bytes. */
  readonly size: number;
  /** Of the frame itself or, where blocks have many lengths, of its first sample. */
  readonly number: number;
  readonly variable: boolean;
  readonly sampleRate: number;
  readonly bitsPerSample: number;
  /** [blockSize] for each channel. */
  readonly channels: FlacSamples[];
}

const sampleRates = [
  88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];
const sampleSizes: readonly (number | undefined)[] = [undefined, 8, 12, undefined, 16, 20, 24, 32];

/**
 * Decodes the frame at the start of `bytes`. FLAC is decoded here and not by a library so that it
 * is exact to the last bit at every width, the end of the last frame is known whatever follows, and
 * the encoder's checksum of all samples can be checked.
 *
 * @returns the frame; `cut` where it is incomplete, `damaged` where it is that or no frame at all
 */
export function decodeFlacFrame(
  bytes: Uint8Array,
  info: FlacStreamInfo,
): FlacFrame | 'cut' | 'damaged' {
  const reader = new BitReader(bytes);
  const header = readHeader(reader, bytes, info);
  if (header === null) return bytes.length < 16 ? 'cut' : 'damaged';
  const { assignment, blockSize, bitsPerSample } = header;
  const count = assignment < 8 ? assignment + 1 : 2;
  const sideChannel = assignment === 8 || assignment === 10 ? 1 : assignment === 9 ? 0 : -1;
  const channels: FlacSamples[] = [];
  for (let channel = 0; channel < count; channel++) {
    const width = channel === sideChannel ? bitsPerSample + 1 : bitsPerSample;
    const samples = decodeSubframe(reader, blockSize, width);
    if (reader.bytePosition > bytes.length) return 'cut';
    if (samples === null) return 'damaged';
    channels.push(samples);
  }
  reader.align();
  const end = reader.bytePosition;
  if (end + 2 > bytes.length) return 'cut';
  if (reader.unsigned(16) !== crc16(bytes, end)) return 'damaged';
  undoStereo(assignment, channels as [FlacSamples, FlacSamples]);
  return { ...header, size: end + 2, channels };
}

/** Whether a frame may start at `position`: the sync code, and no reserved bits. */
export function mayBeFlacFrame(bytes: Uint8Array, position: number): boolean {
  return bytes[position] === 0xff && ((bytes[position + 1] ?? 0) & 0xfe) === 0xf8;
}

interface FrameHeader {
  readonly number: number;
  readonly variable: boolean;
  readonly sampleRate: number;
  readonly bitsPerSample: number;
  readonly blockSize: number;
  readonly assignment: number;
}

function readHeader(
  reader: BitReader,
  bytes: Uint8Array,
  info: FlacStreamInfo,
): FrameHeader | null {
  if (!mayBeFlacFrame(bytes, 0)) return null;
  const variable = (reader.unsigned(16) & 1) === 1;
  const sizeCode = reader.unsigned(4);
  const rateCode = reader.unsigned(4);
  const assignment = reader.unsigned(4);
  const widthCode = reader.unsigned(3);
  const reserved = reader.unsigned(1);
  const number = readNumber(reader);
  const blockSize = readBlockSize(reader, sizeCode);
  const sampleRate = readRate(reader, rateCode, info);
  const bitsPerSample = widthCode === 0 ? info.bitsPerSample : sampleSizes[widthCode];
  const end = reader.bytePosition;
  if (reader.unsigned(8) !== crc8(bytes, end)) return null;
  if (number === null || blockSize === 0 || sampleRate === 0 || assignment > 10 || reserved === 1)
    return null;
  if (bitsPerSample === undefined) return null;
  return { number, variable, sampleRate, bitsPerSample, blockSize, assignment };
}

/** A number of up to 36 bits, coded as UTF-8 codes characters. */
function readNumber(reader: BitReader): number | null {
  const first = reader.unsigned(8);
  if (first < 0x80) return first;
  const length = Math.clz32(~(first << 24)); // ones before the first zero
  if (length < 2 || length > 7) return null;
  let value = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = reader.unsigned(8);
    if (byte >> 6 !== 2) return null;
    value = value * 64 + (byte & 0x3f);
  }
  return value;
}

function readBlockSize(reader: BitReader, code: number): number {
  if (code === 0) return 0;
  if (code === 1) return 192;
  if (code <= 5) return 576 << (code - 2);
  if (code === 6) return reader.unsigned(8) + 1;
  if (code === 7) return reader.unsigned(16) + 1;
  return 256 << (code - 8);
}

function readRate(reader: BitReader, code: number, info: FlacStreamInfo): number {
  if (code === 0) return info.sampleRate;
  if (code <= 11) return sampleRates[code - 1] as number;
  if (code === 12) return reader.unsigned(8) * 1000;
  if (code === 13) return reader.unsigned(16);
  if (code === 14) return reader.unsigned(16) * 10;
  return 0;
}

function decodeSubframe(reader: BitReader, blockSize: number, width: number): FlacSamples | null {
  if (reader.unsigned(1) !== 0) return null;
  const type = reader.unsigned(6);
  const wasted = reader.unsigned(1) === 1 ? reader.zeros() + 1 : 0;
  const bits = width - wasted;
  if (bits < 1) return null;
  const samples = width > 32 ? new Float64Array(blockSize) : new Int32Array(blockSize);
  if (type === 0) samples.fill(reader.signed(bits));
  else if (type === 1) for (let i = 0; i < blockSize; i++) samples[i] = reader.signed(bits);
  else if (type >= 8 && type <= 12) {
    if (!decodeFixed(reader, samples, type - 8, bits)) return null;
  } else if (type >= 32) {
    if (!decodeLinear(reader, samples, type - 31, bits)) return null;
  } else return null;
  if (wasted > 0)
    for (let i = 0; i < blockSize; i++) samples[i] = (samples[i] as number) * 2 ** wasted;
  return samples;
}

/** Differences of order 0 to 4. */
function decodeFixed(reader: BitReader, x: FlacSamples, order: number, bits: number): boolean {
  if (order > x.length) return false;
  for (let i = 0; i < order; i++) x[i] = reader.signed(bits);
  if (!readResidual(reader, x, order)) return false;
  const at = (i: number): number => x[i] as number;
  for (let i = order; i < x.length; i++) {
    if (order === 1) x[i] = at(i) + at(i - 1);
    else if (order === 2) x[i] = at(i) + 2 * at(i - 1) - at(i - 2);
    else if (order === 3) x[i] = at(i) + 3 * (at(i - 1) - at(i - 2)) + at(i - 3);
    else if (order === 4) x[i] = at(i) + 4 * (at(i - 1) + at(i - 3)) - 6 * at(i - 2) - at(i - 4);
  }
  return true;
}

/** Linear prediction of order 1 to 32. */
function decodeLinear(reader: BitReader, x: FlacSamples, order: number, bits: number): boolean {
  if (order > x.length) return false;
  for (let i = 0; i < order; i++) x[i] = reader.signed(bits);
  const precision = reader.unsigned(4) + 1;
  const shift = reader.signed(5);
  if (precision === 16 || shift < 0) return false;
  const coefficients = Int32Array.from({ length: order }, () => reader.signed(precision));
  if (!readResidual(reader, x, order)) return false;
  // The sum of the products fits into 32 bits, or else into the 53 of a double.
  const small = bits + precision + Math.ceil(Math.log2(order)) <= 32;
  if (small) predictSmall(x, coefficients, shift);
  else predict(x, coefficients, shift);
  return true;
}

function predictSmall(x: FlacSamples, coefficients: Int32Array, shift: number): void {
  const order = coefficients.length;
  for (let i = order; i < x.length; i++) {
    let sum = 0;
    for (let j = 0; j < order; j++) {
      sum = (sum + imul(coefficients[j] as number, x[i - 1 - j] as number)) | 0;
    }
    x[i] = (x[i] as number) + (sum >> shift);
  }
}

function predict(x: FlacSamples, coefficients: Int32Array, shift: number): void {
  const order = coefficients.length;
  const scale = 2 ** -shift;
  for (let i = order; i < x.length; i++) {
    let sum = 0;
    for (let j = 0; j < order; j++) sum += (coefficients[j] as number) * (x[i - 1 - j] as number);
    x[i] = (x[i] as number) + floor(sum * scale);
  }
}

/** What prediction leaves over, in partitions of Rice's code. */
function readResidual(reader: BitReader, into: FlacSamples, order: number): boolean {
  const method = reader.unsigned(2);
  if (method > 1) return false;
  const parameterBits = method === 0 ? 4 : 5;
  const escapeCode = 2 ** parameterBits - 1;
  const partitions = 2 ** reader.unsigned(4);
  const partitionSize = into.length / partitions;
  if (!Number.isInteger(partitionSize) || partitionSize < order) return false;
  for (let partition = 0; partition < partitions; partition++) {
    const from = partition === 0 ? order : partition * partitionSize;
    const to = (partition + 1) * partitionSize;
    const parameter = reader.unsigned(parameterBits);
    if (parameter < escapeCode) reader.rice(into, from, to, parameter);
    else {
      const width = reader.unsigned(5);
      for (let i = from; i < to; i++) into[i] = reader.signed(width);
    }
  }
  return true;
}

/** Restores left and right where one channel, or each, is a difference or a mean. */
function undoStereo(assignment: number, channels: [FlacSamples, FlacSamples]): void {
  if (assignment < 8) return;
  const [first, second] = channels;
  for (let i = 0; i < first.length; i++) {
    const [a, b] = [first[i] as number, second[i] as number];
    if (assignment === 8) second[i] = a - b;
    else if (assignment === 9) first[i] = a + b;
    else {
      const right = a - floor(b / 2); // the mean was rounded down where the difference is odd
      first[i] = right + b;
      second[i] = right;
    }
  }
}

const crc8Table = crcTable(8, 0x07);
const crc16Table = crcTable(16, 0x8005);

function crc8(bytes: Uint8Array, end: number): number {
  let crc = 0;
  for (let i = 0; i < end; i++) crc = crc8Table[crc ^ (bytes[i] as number)] as number;
  return crc;
}

function crc16(bytes: Uint8Array, end: number): number {
  let crc = 0;
  for (let i = 0; i < end; i++) {
    crc = ((crc << 8) ^ (crc16Table[(crc >> 8) ^ (bytes[i] as number)] as number)) & 0xffff;
  }
  return crc;
}
