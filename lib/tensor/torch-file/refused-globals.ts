// Tensors that PyTorch has and we do not: what to save in their place.

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

/** What something in a pickle is that can be named, but not read; `undefined` for anything else. */
export function unreadableTensor(name: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(name))?.[1];
}
