/** Writes the bytes of made-up WAV files, right and wrong ones, independently of the library. */

export interface WavBytes {
  tag?: number;
  channels?: number;
  sampleRate?: number;
  bits?: number;
  blockAlign?: number;
  /** The content of the data chunk. */
  data: Uint8Array;
  /** What the header says about its length, when that is not the truth. */
  dataSize?: number;
  riffSize?: number;
  /** Chunks between format and data, by id. */
  extra?: Record<string, Uint8Array>;
  /** WAVE_FORMAT_EXTENSIBLE around the tag. */
  extensible?: boolean;
}

export function wavBytes({
  tag = 1,
  channels = 1,
  sampleRate = 8000,
  bits = 16,
  blockAlign = (channels * bits) / 8,
  data,
  dataSize = data.length,
  riffSize,
  extra = {},
  extensible = false,
}: WavBytes): Uint8Array {
  const format = [
    ...u16(extensible ? 0xfffe : tag),
    ...u16(channels),
    ...u32(sampleRate),
    ...u32(sampleRate * blockAlign),
    ...u16(blockAlign),
    ...u16(bits),
  ];
  if (extensible) {
    format.push(...u16(22), ...u16(bits), ...u32(0), ...u16(tag));
    format.push(0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71);
  }
  const body = [
    ...ascii('WAVE'),
    ...chunk('fmt ', Uint8Array.from(format)),
    ...Object.entries(extra).flatMap(([id, content]) => chunk(id, content)),
    ...ascii('data'),
    ...u32(dataSize),
    ...data,
    ...(data.length % 2 === 1 ? [0] : []),
  ];
  return Uint8Array.from([...ascii('RIFF'), ...u32(riffSize ?? body.length), ...body]);
}

/** 16-bit samples as they lie in a file. */
export function int16Bytes(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => u16(value & 0xffff)));
}

function chunk(id: string, content: Uint8Array): number[] {
  return [
    ...ascii(id),
    ...u32(content.length),
    ...content,
    ...(content.length % 2 === 1 ? [0] : []),
  ];
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function u16(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(Math.floor(value / 0x1_0000))];
}
