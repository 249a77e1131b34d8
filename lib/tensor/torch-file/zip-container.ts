import type { FileHandle } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';
import { type Fault, readExactly } from '../../files.js';
import { PickleBytes } from './pickle-bytes.js';
import { runPickle } from './pickle-machine.js';
import { nameText, type PickleValue, type Storage } from './pickle-values.js';
import { StorageTable } from './storage-table.js';

/** A file of torch.save, with its storages still in the file. */
export interface TorchContainer {
  readonly root: PickleValue;
  readonly pickleBytes: number;
  readStorage(storage: Storage): Promise<Buffer<ArrayBuffer>>;
}

/** No pickle of tensors and plain containers is longer. */
export const LONGEST_PICKLE = 2 ** 28;

// An entry in the directory at the end of a zip archive, in either of its formats. Format: PKWARE's
// APPNOTE.TXT, 4.3.12 to 4.3.16 and 4.5.3.
interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  /** CRC-32 of the bytes; 0 where PyTorch left it out. */
  readonly checksum: number;
  /** Bytes in the file, and once inflated. */
  readonly compressed: number;
  readonly size: number;
  /** Where its local header starts. */
  readonly offset: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const LOCATOR_BYTES = 20;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const EXTRA_64 = 1;
const IN_EXTRA = 0xffffffff;

/** Reads the directory of an archive. Duplicate names are an error. */
async function readZipDirectory(
  file: FileHandle,
  fileSize: number,
  fault: Fault,
): Promise<Map<string, ZipEntry>> {
  const { offset, length } = await findDirectory(file, fileSize, fault);
  if (!(offset + length <= fileSize)) throw fault('its directory lies outside the file');
  const directory = await readExactly(file, offset, length, fault);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < length; ) {
    const { entry, next } = readEntry(directory, at, fault);
    if (entries.has(entry.name)) throw fault(`it has two entries "${nameText(entry.name)}"`);
    entries.set(entry.name, entry);
    at = next;
  }
  return entries;
}

async function findDirectory(
  file: FileHandle,
  fileSize: number,
  fault: Fault,
): Promise<{ offset: number; length: number }> {
  const tailLength = Math.min(fileSize, END_BYTES + LONGEST_COMMENT + LOCATOR_BYTES);
  const tail = await readExactly(file, fileSize - tailLength, tailLength, fault);
  let at = tail.length - END_BYTES;
  const endsHere = () =>
    tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length;
  while (at >= 0 && !endsHere()) at -= 1;
  if (at < 0) throw fault('the directory at its end is missing: the file is cut short');
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && tail.readUInt32LE(locator) === LOCATOR_64) {
    const end64 = Number(tail.readBigUInt64LE(locator + 8));
    if (!(end64 + 56 <= fileSize)) throw fault('its directory lies outside the file');
    const record = await readExactly(file, end64, 56, fault);
    if (record.readUInt32LE(0) !== END_64) throw fault('its ZIP64 directory is missing');
    return {
      length: Number(record.readBigUInt64LE(40)),
      offset: Number(record.readBigUInt64LE(48)),
    };
  }
  return { length: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
}

function readEntry(directory: Buffer, at: number, fault: Fault): { entry: ZipEntry; next: number } {
  if (at + ENTRY_BYTES > directory.length || directory.readUInt32LE(at) !== ENTRY) {
    throw fault('its directory is broken');
  }
  const nameLength = directory.readUInt16LE(at + 28);
  const extraLength = directory.readUInt16LE(at + 30);
  const extraAt = at + ENTRY_BYTES + nameLength;
  const next = extraAt + extraLength + directory.readUInt16LE(at + 32);
  if (next > directory.length) throw fault('its directory is broken');
  const [size, compressed, offset] = wideNumbers(
    [
      directory.readUInt32LE(at + 24),
      directory.readUInt32LE(at + 20),
      directory.readUInt32LE(at + 42),
    ],
    directory.subarray(extraAt, extraAt + extraLength),
    fault,
  );
  return {
    entry: {
      name: directory.toString('utf8', at + ENTRY_BYTES, extraAt),
      flags: directory.readUInt16LE(at + 8),
      method: directory.readUInt16LE(at + 10),
      checksum: directory.readUInt32LE(at + 16),
      compressed,
      size,
      offset,
    },
    next,
  };
}

type Numbers = readonly [size: number, compressed: number, offset: number];

/** Numbers too large for 32 bits are in an extra field, in order. */
function wideNumbers(numbers: Numbers, extra: Buffer, fault: Fault): Numbers {
  if (!numbers.includes(IN_EXTRA)) return numbers;
  const field = extraField(extra);
  let at = 0;
  const wide = (number: number) => {
    if (number !== IN_EXTRA) return number;
    if (!field || at + 8 > field.length) throw fault('its directory is broken');
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  };
  const [size, compressed, offset] = numbers;
  return [wide(size), wide(compressed), wide(offset)];
}

function extraField(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) return undefined;
    if (extra.readUInt16LE(at) === EXTRA_64) return extra.subarray(at + 4, end);
    at = end;
  }
  return undefined;
}

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

/** How much all entries may hold together: weights do not shrink much. */
const mostBytes = (fileSize: number) => 16 * fileSize + 16 * 2 ** 20;

/** Entries of a zip archive, stored or deflated. Nothing it says is believed unchecked. */
class ZipArchive {
  private constructor(
    private readonly file: FileHandle,
    private readonly fileSize: number,
    readonly entries: ReadonlyMap<string, ZipEntry>,
    private readonly fault: Fault,
  ) {}

  static async open(file: FileHandle, fileSize: number, fault: Fault): Promise<ZipArchive> {
    const entries = await readZipDirectory(file, fileSize, fault);
    let [compressed, size] = [0, 0];
    for (const entry of entries.values()) {
      compressed += entry.compressed;
      size += entry.size;
    }
    if (!(compressed <= fileSize)) throw fault('its entries are longer than the file, or overlap');
    if (!(size <= mostBytes(fileSize))) {
      throw fault(`its entries claim ${size} bytes, far more than the file's ${fileSize}`);
    }
    return new ZipArchive(file, fileSize, entries, fault);
  }

  /** The bytes of an entry, compared with their checksum. */
  async read(name: string): Promise<Buffer<ArrayBuffer>> {
    const entry = this.entries.get(name);
    const shown = nameText(name);
    if (!entry) throw this.fault(`it has no entry "${shown}"`);
    const position = await this.dataPosition(entry);
    if (!(position + entry.compressed <= this.fileSize)) {
      throw this.fault(`its entry "${shown}" ends after the file`);
    }
    const raw = await readExactly(this.file, position, entry.compressed, this.fault);
    const bytes = this.expand(entry, raw);
    if (bytes.length !== entry.size) {
      throw this.fault(`its entry "${shown}" has ${bytes.length} bytes, but claims ${entry.size}`);
    }
    // torch.serialization.set_crc32_options(False) leaves the checksum at 0.
    if (entry.checksum !== 0 && crc32(bytes) !== entry.checksum) {
      throw this.fault(`its entry "${shown}" is damaged: the checksum does not match`);
    }
    return bytes;
  }

  private expand(
    { name, method, flags, size }: ZipEntry,
    raw: Buffer<ArrayBuffer>,
  ): Buffer<ArrayBuffer> {
    const shown = nameText(name);
    if (flags & ENCRYPTED) throw this.fault(`its entry "${shown}" is encrypted`);
    if (method === STORED) return raw;
    if (method !== DEFLATED) {
      throw this.fault(
        `its entry "${shown}" is compressed with method ${method}; only deflate is supported`,
      );
    }
    try {
      return Buffer.from(inflateRawSync(raw, { maxOutputLength: Math.max(1, size) }));
    } catch {
      throw this.fault(`its entry "${shown}" is damaged: it cannot be inflated to ${size} bytes`);
    }
  }

  /** Where the data of an entry start, after its local header, which must name the same entry. */
  private async dataPosition({ name, offset }: ZipEntry): Promise<number> {
    const wrong = () => this.fault(`its entry "${nameText(name)}" is not where the directory says`);
    if (!(offset + LOCAL_BYTES <= this.fileSize)) throw wrong();
    const header = await readExactly(this.file, offset, LOCAL_BYTES, this.fault);
    const nameLength = header.readUInt16LE(26);
    const nameEnd = offset + LOCAL_BYTES + nameLength;
    if (header.readUInt32LE(0) !== LOCAL || nameEnd > this.fileSize) throw wrong();
    const local = await readExactly(this.file, offset + LOCAL_BYTES, nameLength, this.fault);
    if (local.toString('utf8') !== name) throw wrong();
    return nameEnd + header.readUInt16LE(28);
  }
}

// torch.save since 1.6: a zip archive with NAME/data.pkl and the storages in NAME/data/KEY.
const PICKLE = /^([^/]*)\/data\.pkl$/;

export async function readZipContainer(
  file: FileHandle,
  fileSize: number,
  fault: Fault,
): Promise<TorchContainer> {
  const archive = await ZipArchive.open(file, fileSize, fault);
  const pickles = [...archive.entries.values()].filter(({ name }) => PICKLE.test(name));
  const [entry] = pickles;
  if (!entry || pickles.length > 1) {
    throw fault(`it is a zip archive with ${pickles.length} entries NAME/data.pkl; expected one`);
  }
  const folder = PICKLE.exec(entry.name)?.[1];
  if (archive.entries.has(`${folder}/constants.pkl`)) {
    throw fault('it is a TorchScript archive; save model.state_dict() with torch.save instead');
  }
  if (archive.entries.has(`${folder}/byteorder`)) {
    const order = (await archive.read(`${folder}/byteorder`)).toString('latin1');
    if (order !== 'little')
      throw fault('its numbers are big-endian; save it on a little-endian machine');
  }
  if (entry.size > LONGEST_PICKLE) throw fault(`its pickle has ${entry.size} bytes`);
  const pickle = await archive.read(entry.name);
  const table = new StorageTable(fault);
  const root = runPickle(new PickleBytes(pickle), { fault, persistent: table.view });
  return {
    root,
    pickleBytes: pickle.length,
    readStorage: async ({ key, bytes }) => {
      const name = `${folder}/data/${key}`;
      const size = archive.entries.get(name)?.size;
      if (size !== undefined && size !== bytes) {
        throw fault(
          `the storage "${nameText(key)}" has ${size} bytes, but its pickle claims ${bytes}`,
        );
      }
      return archive.read(name);
    },
  };
}
