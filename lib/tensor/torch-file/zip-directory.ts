// What a zip archive says that it holds: the directory at its end, in both of its sizes.
// Format: PKWARE's APPNOTE.TXT, 4.3.12 to 4.3.16 and 4.5.3.

import type { FileHandle } from 'node:fs/promises';
import { type Fault, readExactly } from '../open-file.js';
import { nameText } from './name-text.js';

export interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  /** CRC-32 of the bytes; 0 where PyTorch was told not to compute it. */
  readonly checksum: number;
  /** Bytes in the file, and of what they stand for. */
  readonly compressed: number;
  readonly size: number;
  /** Where its local header begins. */
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

/** Reads the directory of an archive. Entries of the same name are an error. */
export async function readZipDirectory(
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
    if (record.readUInt32LE(0) !== END_64) throw fault('its directory of 64 bits is missing');
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

/** Numbers that 32 bits do not hold stand in an extra field, in their order. */
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
