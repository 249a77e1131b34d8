import { types } from 'node:util';
import { addon } from '../addon/addon.js';
import { invalidArgument } from '../errors.js';
import { readExactly, withFile, writeFileAtomic } from '../files.js';
import type { Device, DType } from './device.js';
import {
  fileFault,
  readHeader,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type SafetensorsTensor,
} from './safetensors-header.js';
import { scope } from './scope.js';
import { decodeElements, type StoredDType } from './stored-elements.js';
import { handleOf, type Tensor, wrapTensor } from './tensor.js';

export { readSafetensorsHeader, type SafetensorsHeader, type SafetensorsTensor };

/** A safetensors file in memory. */
export interface SafetensorsFile {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's name of each dtype. complex128 has none and goes in pairs of F64. */
const fileDtypes: Readonly<Record<DType, StoredDType>> = {
  float32: 'F32',
  float64: 'F64',
  int64: 'I64',
  bool: 'BOOL',
  complex64: 'C64',
  complex128: 'F64',
};

const PAIRS = 'complex128';

/**
 * Writes tensors to a safetensors file, whole or not at all. Values are taken at the call; later
 * changes do not reach the file.
 *
 * complex64 is written as C64; complex128, which the format lacks, as F64 [..., 2], with the
 * tensor's name in the metadata `complex128` so that `readSafetensors` restores it.
 *
 * @param metadata strings by name; not `complex128`
 * @throws FewSoundError INVALID_ARGUMENT, DISPOSED, IO
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const entries: [string, Tensor][] = types.isMap(tensors) ? [...tensors] : Object.entries(tensors);
  for (const [key, value] of Object.entries(metadata)) {
    if (key === PAIRS) {
      throw invalidArgument(
        key,
        `writeSafetensors: the metadata "${PAIRS}" says which tensors are complex; choose another name.`,
      );
    }
    if (typeof value === 'string') continue;
    throw invalidArgument(
      key,
      `writeSafetensors: metadata "${key}" is a ${typeof value}; expected a string.`,
    );
  }
  // Without a prototype, so that "__proto__" is a name like any other.
  const header: Record<string, unknown> = Object.create(null);
  const chunks: Uint8Array[] = [];
  const pairs: string[] = [];
  let position = 0;
  for (const [name, tensor] of entries) {
    if (name === '__metadata__') {
      throw invalidArgument(
        name,
        'writeSafetensors: the name "__metadata__" is reserved; rename the tensor.',
      );
    }
    const { buffer, offset } = addon().data(handleOf(tensor), true);
    const { bytes, dtype, shape } = tensor;
    if (dtype === 'complex128') pairs.push(name);
    header[name] = {
      dtype: fileDtypes[dtype],
      shape: dtype === 'complex128' ? [...shape, 2] : shape,
      data_offsets: [position, position + bytes],
    };
    chunks.push(new Uint8Array(buffer, offset, bytes));
    position += bytes;
  }
  const all = pairs.length > 0 ? { ...metadata, [PAIRS]: JSON.stringify(pairs) } : metadata;
  await writeFileAtomic(path, [encodeHeader({ __metadata__: all, ...header }), ...chunks]);
}

/** Length and JSON, padded with spaces so that the data start at a multiple of eight. */
function encodeHeader(header: object): Uint8Array {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Math.ceil(json.length / 8) * 8;
  const encoded = Buffer.alloc(8 + length, ' ');
  encoded.writeBigUInt64LE(BigInt(length));
  json.copy(encoded, 8);
  return encoded;
}

/**
 * Reads a safetensors file. F32, F64, I64, BOOL and C64 become float32, float64, int64, bool and
 * complex64; F16 and BF16 become float32; whole numbers of other sizes become int64.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, or FILE_FORMAT naming the file and what is wrong with
 *   it
 */
export async function readSafetensors(
  path: string,
  { device = 'cpu' }: { device?: Device } = {},
): Promise<SafetensorsFile> {
  // After an error the scope frees the tensors read so far.
  const fault = (problem: string) => fileFault(path, problem);
  return scope(() =>
    withFile(path, async (file) => {
      const header = await readHeader(file, path);
      const pairs = pairNames(header.metadata, path);
      const tensors = new Map<string, Tensor>();
      for (const { name, dtype, shape, offsets } of header.tensors.values()) {
        const [begin, end] = offsets;
        const bytes = await readExactly(file, header.dataStart + begin, end - begin, fault);
        const decoded = decodeElements(dtype, bytes);
        const isPair = pairs.has(name) && dtype === 'F64' && shape.at(-1) === 2;
        tensors.set(
          name,
          wrapTensor(
            addon().tensor(
              decoded.data,
              isPair ? shape.slice(0, -1) : shape,
              isPair ? 'complex128' : decoded.dtype,
              device,
            ),
          ),
        );
      }
      const { [PAIRS]: _, ...metadata } = header.metadata;
      return { tensors, metadata };
    }),
  );
}

function pairNames(metadata: Readonly<Record<string, string>>, path: string): Set<string> {
  const text = metadata[PAIRS];
  if (text === undefined) return new Set();
  try {
    return new Set(JSON.parse(text) as string[]);
  } catch {
    throw fileFault(path, `its metadata "${PAIRS}" is not a list of names`);
  }
}
