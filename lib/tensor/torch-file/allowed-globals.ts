import { containerCalls } from './container-calls.js';
import { dtypeNames, typedClasses } from './dtype-names.js';
import { numpyDType, numpyScalar } from './numpy-scalar.js';
import { AllowedGlobal, type Call, type Caller, nameText } from './pickle-values.js';
import {
  blankTensor,
  parameter,
  rebuildFromCpu,
  rebuildFromType,
  rebuildParameter,
  rebuildQuantized,
  rebuildTensor,
} from './tensor-record.js';

// Kinds of tensors that are not supported, and what to save instead.

const sparse = 'a sparse tensor. Save tensor.to_dense()';
const lazy =
  'a parameter of a lazy module, which has no elements yet. Run the network once before it is saved';

const reasons: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^torch\._utils\._rebuild_sparse_tensor$/, sparse],
  [/^torch\.(cuda\.)?sparse\.\w+Tensor$/, sparse],
  [
    /^torch\._utils\._rebuild_meta_tensor_no_storage$/,
    'a meta tensor, which has a shape and no elements. Save the weights: model.to_empty(device="cpu"), then load_state_dict',
  ],
  [/^torch\._utils\._rebuild_nested_tensor$/, 'a nested tensor. Save tensor.unbind()'],
  [
    /^torch\._utils\._rebuild_wrapper_subclass$/,
    'a tensor of a class that wraps others. Save the tensors that it is made of',
  ],
  [/^torch\.nn\.parameter\.Uninitialized(Parameter|Buffer)$/, lazy],
];

/** What an unsupported name in a pickle stands for; `undefined` for an unknown one. */
function unreadableTensor(name: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(name))?.[1];
}

// Everything that a pickle may name, and what calling it makes here. Our functions stand for
// Python's; nothing else is ever looked up by name. These are what `torch.load(weights_only=True)`
// accepts for tensors and plain containers (torch/_weights_only_unpickler.py), and further
// containers and numbers of Python and NumPy.
const functions: Readonly<Record<string, Call>> = {
  ...containerCalls,
  'torch._utils._rebuild_tensor': rebuildTensor('_rebuild_tensor'),
  'torch._utils._rebuild_tensor_v2': rebuildTensor('_rebuild_tensor_v2'),
  'torch._utils._rebuild_tensor_v3': rebuildTensor('_rebuild_tensor_v3'),
  'torch._utils._rebuild_parameter': rebuildParameter,
  'torch._utils._rebuild_parameter_with_state': rebuildParameter,
  'torch._utils._rebuild_qtensor': rebuildQuantized,
  'torch._utils._rebuild_device_tensor_from_cpu_tensor': rebuildFromCpu,
  'torch._tensor._rebuild_from_type_v2': rebuildFromType,
  'numpy.dtype': numpyDType,
  'numpy.core.multiarray.scalar': numpyScalar,
  'numpy._core.multiarray.scalar': numpyScalar,
};

const tensorClasses: Readonly<Record<string, Call>> = {
  'torch.nn.parameter.Parameter': parameter,
  'torch.Tensor': blankTensor('float32'),
};

/** Names without behavior here: quantization schemes, and the factories of defaultdicts. */
const constants = [
  'torch.per_tensor_affine',
  'torch.per_tensor_symmetric',
  'torch.per_channel_affine',
  'torch.per_channel_symmetric',
  'torch.per_channel_affine_float_qparams',
  ...['list', 'dict', 'tuple', 'int', 'float', 'bool', 'str'].map((name) => `builtins.${name}`),
];

const onDevices = ['torch', 'torch.cuda'];

const allowed: ReadonlyMap<string, AllowedGlobal> = new Map(
  [
    ...Object.entries(functions).map(
      ([name, call]) => new AllowedGlobal(name, { kind: 'function', call }),
    ),
    ...Object.entries(tensorClasses).map(
      ([name, call]) => new AllowedGlobal(name, { kind: 'class', call }),
    ),
    ...constants.map((name) => new AllowedGlobal(name, { kind: 'constant' })),
    ...dtypeNames.map((dtype) => new AllowedGlobal(`torch.${dtype}`, { kind: 'dtype', dtype })),
    ...onDevices.flatMap((module) =>
      typedClasses.flatMap(([name, dtype]) => [
        new AllowedGlobal(`${module}.${name}Storage`, { kind: 'storage', dtype }),
        new AllowedGlobal(`${module}.${name}Tensor`, { kind: 'class', call: blankTensor(dtype) }),
      ]),
    ),
    ...['torch.storage.UntypedStorage', 'torch.storage.TypedStorage'].map(
      (name) => new AllowedGlobal(name, { kind: 'storage', dtype: undefined }),
    ),
  ].map((each) => [each.name, each]),
);

/**
 * Our counterpart of Python's `module.name`.
 *
 * @throws the machine's fault, naming it, for anything that tensors and plain containers do not
 *   need
 */
export function allowedGlobal(module: string, name: string, { fault }: Caller): AllowedGlobal {
  // Protocol 2 uses Python 2's name of that module.
  const full = `${module === '__builtin__' ? 'builtins' : module}.${name}`;
  const known = allowed.get(full);
  if (known) return known;
  const unreadable = unreadableTensor(full);
  if (unreadable !== undefined) throw fault(`it holds ${unreadable}`);
  throw fault(
    `its pickle asks for ${nameText(module)}.${nameText(name)}, which is refused: only tensors and plain containers are read, and nothing in the file was run. Save only the weights in PyTorch: torch.save(model.state_dict(), path)`,
  );
}
