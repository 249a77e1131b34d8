import type { FileHandle } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';
import { type Fault, readExactly } from '../open-file.js';
import { nameText } from './name-text.js';
import { readZipDirectory, type ZipEntry } from './zip-directory.js';

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

/** How much all entries together may hold: weights do not shrink much, and an archive of zeros need not be read. */
const mostBytes = (fileSize: number) => 16 * fileSize + 16 * 2 ** 20;

/** Entries of a zip archive, stored or deflated, of which nothing is believed. */
export class ZipArchive {
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
      throw this.fault(`its entry "${shown}" is damaged: the checksum is another`);
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
      throw this.fault(`its entry "${shown}" is compressed by method ${method}; known is deflate`);
    }
    try {
      return Buffer.from(inflateRawSync(raw, { maxOutputLength: Math.max(1, size) }));
    } catch {
      throw this.fault(`its entry "${shown}" is damaged: it cannot be inflated to ${size} bytes`);
    }
  }

  /** The local header, whose length only it knows, must be that of the same entry. */
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
