// The header of a safetensors file: eight bytes of length, then JSON. Every claim is checked before
// it is believed. Format: https://github.com/huggingface/safetensors#format

import type { FileHandle } from 'node:fs/promises';
import { FewSoundError } from '../errors.js';
import { type Fault, readExactly, withFile } from '../files.js';
import { type StoredDType, storedBytes, storedNames } from './stored-elements.js';

/** The header's entry of one tensor. */
export interface SafetensorsTensor {
  readonly name: string;
  /** The file's name of the dtype, for example 'F32'. */
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** First byte, and the byte after the last, from the end of the header. */
  readonly offsets: readonly [begin: number, end: number];
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Where the data begin in the file. */
  readonly dataStart: number;
}

/** The dtypes of the format; it has no complex128. */
const dtypes: readonly unknown[] = storedNames.filter((name) => name !== 'C128');

/** The format's own limit. */
const LONGEST_HEADER = 100_000_000;

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
  const length = Number((await readExactly(file, 0, 8, fault)).readBigUInt64LE());
  if (length > LONGEST_HEADER || length > size - 8) {
    throw fault(`it claims a header of ${length} bytes, but has ${size - 8} after the length`);
  }
  const dataStart = 8 + length;
  const text = (await readExactly(file, 8, length, fault)).toString('utf8');
  const entries = parseObject(text, fault);
  const { __metadata__: metadata, ...claims } = entries;
  const tensors = Object.entries(claims).map(([name, claim]) => checkTensor(name, claim, fault));
  checkOffsets(tensors, size - dataStart, fault);
  return {
    metadata: checkMetadata(metadata, fault),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    dataStart,
  };
}

export function fileFault(path: string, problem: string): FewSoundError {
  return new FewSoundError('FILE_FORMAT', `${path}: not a valid safetensors file: ${problem}.`);
}

function parseObject(text: string, fault: Fault): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw fault('its header is not JSON');
  }
  if (!isObject(parsed)) throw fault('its header is not a JSON object');
  const twice = firstDuplicate(topLevelKeys(text));
  if (twice !== undefined) throw fault(`its header has "${twice}" twice`);
  return parsed;
}

/** The keys of an object in JSON text; of equal keys, JSON.parse keeps only the last. */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;
  let depth = 0;
  let expectsKey = false;
  for (const [part] of text.matchAll(token)) {
    if (part === '{' || part === '[') {
      depth += 1;
      expectsKey = part === '{' && depth === 1;
    } else if (part === '}' || part === ']') {
      depth -= 1;
    } else if (part === ',') {
      expectsKey = depth === 1;
    } else if (expectsKey && part !== ':') {
      keys.push(JSON.parse(part));
      expectsKey = false;
    }
  }
  return keys;
}

function firstDuplicate(keys: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return keys.find((key) => seen.size === seen.add(key).size);
}

function checkMetadata(metadata: unknown, fault: Fault): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isObject(metadata)) throw fault('its __metadata__ is not an object');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw fault(`the metadata "${key}" is not a string`);
  }
  return metadata as Record<string, string>;
}

function checkTensor(name: string, claim: unknown, fault: Fault): SafetensorsTensor {
  if (!isObject(claim)) throw fault(`the entry of "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = claim;
  if (!isStored(dtype)) {
    throw fault(
      `"${name}" has the unsupported dtype ${JSON.stringify(dtype)}; expected one of ${dtypes.join(', ')}`,
    );
  }
  if (!isCounts(shape) || shape.length > 64)
    throw fault(`the shape of "${name}" is not a list of sizes`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw fault(`the data_offsets of "${name}" are not two positions`);
  }
  const [begin, end] = offsets as [number, number];
  const needed = shape.reduce((product, size) => product * size, storedBytes(dtype));
  if (end - begin !== needed) {
    throw fault(
      `"${name}" has ${end - begin} bytes, but ${dtype} [${shape.join(', ')}] needs ${needed}`,
    );
  }
  return { name, dtype, shape, offsets: [begin, end] };
}

/** The data of the tensors must fill the rest of the file, without gap or overlap. */
function checkOffsets(
  tensors: readonly SafetensorsTensor[],
  available: number,
  fault: Fault,
): void {
  const order = [...tensors].sort(
    (a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1],
  );
  let position = 0;
  for (const { name, offsets } of order) {
    if (offsets[1] > available) {
      throw fault(
        `"${name}" ends at byte ${offsets[1]} of the data, but there are ${available}: the file is cut short, or its header is wrong`,
      );
    }
    if (offsets[0] !== position) {
      throw fault(
        `the data of "${name}" ${offsets[0] < position ? 'overlap others' : 'leave a gap'}`,
      );
    }
    position = offsets[1];
  }
  if (position !== available) throw fault(`${available - position} bytes belong to no tensor`);
}

function isStored(dtype: unknown): dtype is StoredDType {
  return dtypes.includes(dtype);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}
