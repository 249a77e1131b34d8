import { createHash } from 'node:crypto';

/**
 * Writes made-up FLAC files, RFC 9639, in every way that a frame can be coded, so that the tests
 * know every sample and can promise more samples than there are.
 */

export type Subframe =
  | { kind: 'constant' }
  | { kind: 'verbatim' }
  | { kind: 'fixed'; order: number; residual?: Residual }
  | {
      kind: 'linear';
      coefficients: number[];
      precision: number;
      shift: number;
      residual?: Residual;
    };

export interface Residual {
  /** Parameter of Rice's code; null writes plain numbers of `width` bits. */
  parameter: number | null;
  width?: number;
  /** Two to this power are the partitions of a block. */
  partitionOrder?: number;
  /** 1 has parameters of 5 bits. */
  method?: 0 | 1;
}

export type Stereo = 'independent' | 'left-side' | 'side-right' | 'mid-side';

export interface FlacBytes {
  channels: readonly (readonly number[])[];
  bits: number;
  sampleRate?: number;
  subframe?: Subframe;
  stereo?: Stereo;
  /** Zero bits at the end of every sample, left out of the file. */
  wasted?: number;
  blockSize?: number;
  /** Frames are numbered by their first samples. */
  variable?: boolean;
  totalSamples?: number;
  /** Of the samples; absent: none. */
  md5?: boolean;
}

export function flacBytes(
  samples: readonly number[],
  bits: 8 | 16 | 24,
  { channels = 1, ...options }: Partial<Omit<FlacBytes, 'channels'>> & { channels?: 1 | 2 } = {},
): Uint8Array {
  return encodeFlac({
    channels: Array.from({ length: channels }, () => samples),
    bits,
    ...options,
  });
}

export function encodeFlac(options: FlacBytes): Uint8Array {
  return Buffer.concat([flacHead(options), ...flacFrames(options)]);
}

/** The marker and STREAMINFO, 42 bytes. */
export function flacHead({
  channels,
  bits,
  sampleRate = 44_100,
  blockSize = Math.max(16, channels[0]?.length ?? 0),
  totalSamples = channels[0]?.length ?? 0,
  md5 = false,
}: FlacBytes): Uint8Array {
  const info = new Bits();
  info.put(blockSize, 16).put(blockSize, 16).put(0, 24).put(0, 24); // block and frame sizes
  info
    .put(sampleRate, 20)
    .put(channels.length - 1, 3)
    .put(bits - 1, 5);
  info.put(Math.floor(totalSamples / 2 ** 32), 4).put(totalSamples % 2 ** 32, 32);
  const sum = md5 ? md5Of(channels, bits) : new Uint8Array(16);
  // The last metadata block, STREAMINFO, 34 bytes.
  return Uint8Array.from([...Buffer.from('fLaC'), 0x80, 0, 0, 34, ...info.bytes, ...sum]);
}

/** The frames one by one. */
export function flacFrames(options: FlacBytes): Uint8Array[] {
  const { channels, blockSize = channels[0]?.length ?? 0, variable = false } = options;
  const total = channels[0]?.length ?? 0;
  const frames: Uint8Array[] = [];
  for (let start = 0; start < total; start += blockSize) {
    const part = channels.map((samples) => samples.slice(start, start + blockSize));
    frames.push(frame(part, variable ? start : frames.length, options));
  }
  return frames;
}

function frame(channels: number[][], number: number, options: FlacBytes): Uint8Array {
  const { bits, sampleRate = 44_100, stereo = 'independent', variable = false } = options;
  const length = channels[0]?.length ?? 0;
  const head = new Bits();
  head
    .put(0b11111111111110, 14)
    .put(0, 1)
    .put(variable ? 1 : 0, 1);
  head.put(7, 4).put(sampleRate === 44_100 ? 9 : 0, 4); // 16-bit block size at the header's end
  const assignment = {
    independent: channels.length - 1,
    'left-side': 8,
    'side-right': 9,
    'mid-side': 10,
  };
  head.put(assignment[stereo], 4);
  const widthCodes: Record<number, number> = { 8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7 };
  head.put(widthCodes[bits] ?? 0, 3).put(0, 1);
  if (number < 0x80) head.put(number, 8);
  else
    head
      .put(0xe0 | (number >> 12), 8)
      .put(0x80 | ((number >> 6) & 0x3f), 8)
      .put(0x80 | (number & 0x3f), 8);
  head.put(length - 1, 16);
  const body = new Bits();
  const [left = [], right = []] = channels;
  const side = left.map((value, i) => value - (right[i] as number));
  const mid = left.map((value, i) => Math.floor((value + (right[i] as number)) / 2));
  const coded: [samples: number[], width: number][] = {
    independent: channels.map((samples): [number[], number] => [samples, bits]),
    'left-side': [
      [left, bits],
      [side, bits + 1],
    ] as [number[], number][],
    'side-right': [
      [side, bits + 1],
      [right, bits],
    ] as [number[], number][],
    'mid-side': [
      [mid, bits],
      [side, bits + 1],
    ] as [number[], number][],
  }[stereo];
  for (const [samples, width] of coded) putSubframe(body, samples, width, options);
  body.align();
  const withoutCrc = [...head.bytes, crc(head.bytes, 8, 0x07), ...body.bytes];
  const check = crc(withoutCrc, 16, 0x8005);
  return Uint8Array.from([...withoutCrc, check >> 8, check & 0xff]);
}

function putSubframe(
  body: Bits,
  samples: readonly number[],
  fullWidth: number,
  { subframe = { kind: 'verbatim' }, wasted = 0 }: FlacBytes,
): void {
  const weights = weightsOf(subframe);
  const types = {
    constant: 0,
    verbatim: 1,
    fixed: 8 + weights.length,
    linear: 31 + weights.length,
  };
  const type = types[subframe.kind];
  body
    .put(0, 1)
    .put(type, 6)
    .put(wasted > 0 ? 1 : 0, 1);
  if (wasted > 0) body.put(1, wasted);
  const width = fullWidth - wasted;
  const values = samples.map((sample) => sample / 2 ** wasted);
  if (subframe.kind === 'constant') body.put(values[0] as number, width);
  else if (subframe.kind === 'verbatim') for (const value of values) body.put(value, width);
  else {
    const order = weights.length;
    for (const value of values.slice(0, order)) body.put(value, width);
    if (subframe.kind === 'linear') {
      body.put(subframe.precision - 1, 4).put(subframe.shift, 5);
      for (const weight of weights) body.put(weight, subframe.precision);
    }
    const shift = subframe.kind === 'linear' ? subframe.shift : 0;
    const rest = values.slice(order).map((value, i) => {
      const sum = weights.reduce(
        (total, weight, j) => total + BigInt(weight) * BigInt(values[order + i - 1 - j] as number),
        0n,
      );
      return value - Number(sum >> BigInt(shift));
    });
    putResidual(body, rest, values.length, order, subframe.residual);
  }
}

/** What the samples before one are multiplied by to predict it. */
function weightsOf(subframe: Subframe): number[] {
  if (subframe.kind === 'linear') return subframe.coefficients;
  if (subframe.kind !== 'fixed') return [];
  return [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]][subframe.order] as number[];
}

function putResidual(
  body: Bits,
  rest: readonly number[],
  blockSize: number,
  order: number,
  { parameter, width = 0, partitionOrder = 0, method = 0 }: Residual = { parameter: 4 },
): void {
  body.put(method, 2).put(partitionOrder, 4);
  const size = blockSize / 2 ** partitionOrder;
  const parameterBits = method === 0 ? 4 : 5;
  for (let from = 0; from < blockSize; from += size) {
    const part = rest.slice(Math.max(0, from - order), from + size - order);
    body.put(parameter ?? 2 ** parameterBits - 1, parameterBits);
    if (parameter === null) body.put(width, 5);
    for (const value of part) {
      if (parameter === null) {
        body.put(value, width);
        continue;
      }
      const folded = value >= 0 ? 2 * value : -2 * value - 1;
      for (let zeros = Math.floor(folded / 2 ** parameter); zeros > 0; zeros--) body.put(0, 1);
      body.put(1, 1).put(folded % 2 ** parameter, parameter);
    }
  }
}

function md5Of(channels: readonly (readonly number[])[], bits: number): Uint8Array {
  const width = Math.ceil(bits / 8);
  const bytes = (channels[0] ?? []).flatMap((_, i) =>
    channels.flatMap((samples) =>
      Array.from(
        { length: width },
        (_, byte) => Math.floor((samples[i] as number) / 256 ** byte) & 0xff,
      ),
    ),
  );
  return createHash('md5').update(Uint8Array.from(bytes)).digest();
}

class Bits {
  readonly bytes: number[] = [];
  private pending = 0;
  private count = 0;

  /** Appends the low `width` bits of a number, two's complement when it is negative. */
  put(value: number, width: number): this {
    for (let bit = width - 1; bit >= 0; bit--) {
      this.pending = (this.pending << 1) | (Math.floor(value / 2 ** bit) & 1);
      this.count++;
      if (this.count === 8) {
        this.bytes.push(this.pending);
        this.pending = 0;
        this.count = 0;
      }
    }
    return this;
  }

  align(): void {
    while (this.count !== 0) this.put(0, 1);
  }
}

function crc(bytes: readonly number[], width: 8 | 16, polynomial: number): number {
  const top = 1 << (width - 1);
  const mask = (1 << width) - 1;
  let remainder = 0;
  for (const byte of bytes) {
    remainder ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) {
      remainder = ((remainder << 1) ^ ((remainder & top) !== 0 ? polynomial : 0)) & mask;
    }
  }
  return remainder;
}
