// Everything that a pickle may name, and what calling it makes here. Functions of ours stand for Python's: nothing is
// looked up by name anywhere else.

import type { StoredDType } from '../stored-elements.js';
import { nameText } from './name-text.js';
import { numpyDType, numpyScalar } from './numpy-scalar.js';
import { AllowedGlobal, type Call, type Caller, Dictionary, Tuple } from './pickle-values.js';
import { rebuildParameter, rebuildTensor } from './tensor-record.js';

/** torch.device and the encoding of bytes have short texts. */
const LONGEST_NAME = 64;

const orderedDict: Call = (args, machine) => {
  const dictionary = new Dictionary(true);
  if (args.length === 0) return dictionary;
  // As Python 2 wrote it: a list of pairs.
  const [pairs] = args;
  if (args.length > 1 || !Array.isArray(pairs)) throw wrongArguments('OrderedDict', machine);
  machine.spend(pairs.length);
  for (const pair of pairs) {
    const items = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
    const [key, value] = items;
    if (key === undefined || value === undefined || items.length !== 2) {
      throw wrongArguments('OrderedDict', machine);
    }
    dictionary.entries.set(key, value);
  }
  return dictionary;
};

const size: Call = ([sizes, ...more], machine) => {
  if (!(sizes instanceof Tuple) || more.length > 0) throw wrongArguments('torch.Size', machine);
  return sizes;
};

const device: Call = ([type, index, ...more], machine) => {
  const fits = index === undefined || Number.isSafeInteger(index);
  if (!isShortText(type) || !fits || more.length > 0) {
    throw wrongArguments('torch.device', machine);
  }
  return index === undefined ? type : `${type}:${index}`;
};

/** How protocols before 3 have bytes: as a text of the characters 0 to 255. */
const encode: Call = ([text, encoding, ...more], machine) => {
  const isLatin = encoding === 'latin1' || encoding === 'latin-1';
  if (typeof text !== 'string' || !isLatin || more.length > 0) {
    throw wrongArguments('_codecs.encode', machine);
  }
  machine.spend(text.length / 8);
  return Buffer.from(text, 'latin1');
};

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_NAME;
}

function wrongArguments(name: string, { fault }: Caller): Error {
  return fault(`its pickle calls ${name} with arguments that it does not take`);
}

const functions: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': orderedDict,
  'torch._utils._rebuild_tensor': rebuildTensor('_rebuild_tensor'),
  'torch._utils._rebuild_tensor_v2': rebuildTensor('_rebuild_tensor_v2'),
  'torch._utils._rebuild_tensor_v3': rebuildTensor('_rebuild_tensor_v3'),
  'torch._utils._rebuild_parameter': rebuildParameter,
  'torch._utils._rebuild_parameter_with_state': rebuildParameter,
  'torch.Size': size,
  'torch.device': device,
  '_codecs.encode': encode,
  'numpy.dtype': numpyDType,
  'numpy.core.multiarray.scalar': numpyScalar,
  'numpy._core.multiarray.scalar': numpyScalar,
};

const dtypes: Readonly<Record<string, StoredDType>> = {
  float16: 'F16',
  bfloat16: 'BF16',
  float32: 'F32',
  float64: 'F64',
  uint8: 'U8',
  int8: 'I8',
  uint16: 'U16',
  int16: 'I16',
  uint32: 'U32',
  int32: 'I32',
  int64: 'I64',
  bool: 'BOOL',
  complex64: 'C64',
  complex128: 'C128',
};

const storages: Readonly<Record<string, StoredDType>> = {
  Half: 'F16',
  BFloat16: 'BF16',
  Float: 'F32',
  Double: 'F64',
  Byte: 'U8',
  Char: 'I8',
  Short: 'I16',
  Int: 'I32',
  Long: 'I64',
  Bool: 'BOOL',
  ComplexFloat: 'C64',
  ComplexDouble: 'C128',
};

const allowed: ReadonlyMap<string, AllowedGlobal> = new Map(
  [
    ...Object.entries(functions).map(
      ([name, call]) => new AllowedGlobal(name, { kind: 'function', call }),
    ),
    ...Object.entries(dtypes).map(
      ([name, stored]) => new AllowedGlobal(`torch.${name}`, { kind: 'dtype', stored }),
    ),
    ...Object.entries(storages).map(
      ([name, stored]) => new AllowedGlobal(`torch.${name}Storage`, { kind: 'storage', stored }),
    ),
    ...['torch.storage.UntypedStorage', 'torch.storage.TypedStorage'].map(
      (name) => new AllowedGlobal(name, { kind: 'storage', stored: undefined }),
    ),
  ].map((each) => [each.name, each]),
);

/**
 * What stands for Python's `module.name`.
 *
 * @throws the machine's fault, naming it, for everything that tensors and plain containers do not need
 */
export function allowedGlobal(module: string, name: string, { fault }: Caller): AllowedGlobal {
  const known = allowed.get(`${module}.${name}`);
  if (known) return known;
  throw fault(
    `its pickle asks for ${nameText(module)}.${nameText(name)}, which is refused: only tensors and plain containers are read, and nothing of the file was run. Save less in PyTorch: torch.save(model.state_dict(), path)`,
  );
}
