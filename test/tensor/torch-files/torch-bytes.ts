import * as zlib from 'node:zlib';
import { deflateRawSync } from 'node:zlib';

/** An entry of an archive; everything that it claims can be a lie. */
export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array | string;
  readonly deflated?: boolean;
  readonly method?: number;
  readonly flags?: number;
  readonly checksum?: number;
  readonly size?: number;
  readonly compressed?: number;
  readonly offset?: number;
  readonly localName?: string;
}

/** A zip archive made by hand. With `wide` all numbers stand in fields of 64 bits. */
export function zipBytes(entries: readonly Entry[], { wide = false } = {}): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const entry of entries) {
    const bytes = Buffer.from(entry.bytes as string, 'latin1');
    const data = entry.deflated ? deflateRawSync(bytes) : bytes;
    const name = Buffer.from(entry.name);
    const localName = Buffer.from(entry.localName ?? entry.name);
    const method = entry.method ?? (entry.deflated ? 8 : 0);
    const checksum = entry.checksum ?? zlib.crc32(bytes);
    const { size = bytes.length, compressed = data.length, offset = position, flags = 0 } = entry;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(method, 8);
    header.writeUInt16LE(localName.length, 26);
    const made = Buffer.concat([header, localName, data]);
    local.push(made);
    position += made.length;

    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(flags, 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(checksum, 16);
    record.writeUInt32LE(wide ? 0xffffffff : compressed, 20);
    record.writeUInt32LE(wide ? 0xffffffff : size, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt16LE(wide ? 28 : 0, 30);
    record.writeUInt32LE(wide ? 0xffffffff : offset, 42);
    directory.push(record, name);
    if (wide) {
      const extra = Buffer.from([1, 0, 24, 0]);
      directory.push(extra, ...[size, compressed, offset].map(uint64));
    }
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(wide ? 0xffffffff : list.length, 12);
  end.writeUInt32LE(wide ? 0xffffffff : position, 16);
  const wideEnd = wide ? wideEndBytes(list.length, position) : Buffer.alloc(0);
  return Buffer.concat([...local, list, wideEnd, end]);
}

function wideEndBytes(length: number, offset: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  uint64(length).copy(end, 40);
  uint64(offset).copy(end, 48);
  end.writeUInt32LE(0x07064b50, 56);
  uint64(offset + length).copy(end, 64);
  return end;
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Bytes of a pickle, written down: strings are opcodes and their arguments as they are. */
export function pickle(...parts: (string | Uint8Array | number)[]): Buffer {
  return Buffer.concat([
    Buffer.from([0x80, 2]),
    ...parts.map((part) =>
      typeof part === 'number'
        ? Buffer.concat([Buffer.from('J'), uint32(part >>> 0)])
        : Buffer.from(part as string, 'latin1'),
    ),
    Buffer.from('.'),
  ]);
}

/** The opcode of a text. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from('X'), uint32(bytes.length), bytes]);
}

/** Opcodes of a tuple of these. */
export function tuple(...items: (string | Uint8Array | number)[]): Buffer {
  return Buffer.concat([Buffer.from('('), pickle(...items).subarray(2, -1), Buffer.from('t')]);
}

/** Opcodes of a tensor of the storage '0'. */
export function tensorOpcodes({
  storage = 'torch\nFloatStorage',
  key = '0',
  elements = 4,
  offset = 0 as number | Buffer,
  shape = [2, 2],
  strides = [2, 1],
  rest = ['\x89', 'N'] as (string | Uint8Array)[],
  rebuild = '_rebuild_tensor_v2',
} = {}): Buffer {
  const id = tuple(text('storage'), `c${storage}\n`, text(key), text('cpu'), elements);
  return Buffer.concat([
    Buffer.from(`ctorch._utils\n${rebuild}\n`),
    tuple(
      Buffer.concat([id, Buffer.from('Q')]),
      offset,
      tuple(...shape),
      tuple(...strides),
      ...rest,
    ),
    Buffer.from('R'),
  ]);
}

/** A file in the zip format. */
export function torchZip(
  data: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  more: readonly Entry[] = [],
): Buffer {
  return zipBytes([
    { name: 'archive/data.pkl', bytes: data },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    ...more,
  ]);
}

/** The same opcodes many times. */
export function repeated(times: number, opcodes: string): Buffer {
  return Buffer.from(opcodes.repeat(times), 'latin1');
}

/** A file in the legacy format. */
export function legacyBytes(
  data: Uint8Array,
  keys: readonly string[],
  storages: readonly Uint8Array[],
  { version = 'M\xe9\x03', littleEndian = '\x88', moreKeys = '' } = {},
): Buffer {
  return Buffer.concat([
    pickle('\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19'),
    pickle(version),
    pickle('}', text('little_endian'), littleEndian, 's'),
    data,
    pickle('](', ...keys.map(text), moreKeys, 'e'),
    ...storages,
  ]);
}
