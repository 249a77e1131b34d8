// The header of a safetensors file: eight bytes of length, then JSON.

import type { FileHandle } from 'node:fs/promises';
import { FewSoundError } from '../errors.js';
import { readExactly, withFile } from '../files.js';
import {
  type Header,
  type HeaderEntry,
  parseHeader,
  requireHeaderLength,
} from '../player/safetensors-header.js';
import { type StoredDType, storedBytes, storedNames } from './stored-elements.js';

/** The header's entry of one tensor. */
export interface SafetensorsTensor extends HeaderEntry<StoredDType> {}

export interface SafetensorsHeader extends Header<StoredDType> {
  /** Where the data begin in the file. */
  readonly dataStart: number;
}

/** The dtypes of the format and their bytes; it has no complex128. */
const dtypes = Object.fromEntries(
  storedNames.filter((name) => name !== 'C128').map((name) => [name, storedBytes(name)]),
) as Record<StoredDType, number>;

/**
 * Reads and checks the header of a safetensors file; the tensors themselves are not read.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, or FILE_FORMAT naming the file and what is wrong with
 *   it
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  return withFile(path, (file) => readHeader(file, path));
}

export async function readHeader(file: FileHandle, path: string): Promise<SafetensorsHeader> {
  const { size } = await file.stat();
  const fault = (problem: string) => fileFault(path, problem);
  if (size < 8) throw fault(`it has ${size} bytes, too few for a header`);
  const claimed = (await readExactly(file, 0, 8, fault)).readBigUInt64LE();
  const length = requireHeaderLength(claimed, size, fault);
  const dataStart = 8 + length;
  const text = (await readExactly(file, 8, length, fault)).toString('utf8');
  return { ...parseHeader(text, size - dataStart, dtypes, fault), dataStart };
}

export function fileFault(path: string, problem: string): FewSoundError {
  return new FewSoundError('FILE_FORMAT', `${path}: not a valid safetensors file: ${problem}.`);
}
