import {
  type Device,
  type DType,
  readSafetensors,
  readTorchFile,
  scope,
  type Tensor,
} from '../tensor/index.js';
import { isTorchFile } from '../tensor/torch-file/read.js';
import { fileFormat, loadFileTensors, requirePath } from './model-file.js';

/** What weights are copied into: a model, or a part of one. */
interface WeightsOwner {
  /** What it is, for errors, such as 'a segmental model of 2 classes'. */
  readonly what: string;
  readonly dtype: DType;
  readonly device: Device;
  stateDict(): Map<string, Tensor>;
  loadStateDict(state: ReadonlyMap<string, Tensor>): void;
}

/**
 * Copies the weights of a checkpoint of another program, a safetensors file or one that torch.save
 * wrote, by the names of the owner's tensors, below a key or at the top.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT where a tensor is missing or of another shape
 */
export async function loadWeights(path: string, owner: WeightsOwner): Promise<void> {
  requirePath(path);
  await scope(async () => {
    const tensors = await readTensors(path);
    const own = owner.stateDict();
    const prefix = prefixOf(path, tensors, own, owner.what);
    const state = new Map<string, Tensor>();
    for (const name of own.keys()) {
      const stored = tensors.get(prefix + name);
      if (stored === undefined) {
        throw fileFormat(path, `it lacks "${prefix}${name}", a tensor of ${owner.what}`);
      }
      state.set(name, stored.to({ dtype: owner.dtype, device: owner.device }));
    }
    loadFileTensors(
      path,
      owner,
      state,
      (problem) => `its tensors are not those of ${owner.what} (${problem})`,
    );
  });
}

/** The tensors of a safetensors file or of one that torch.save wrote. */
export async function readTensors(path: string): Promise<ReadonlyMap<string, Tensor>> {
  return (await isTorchFile(path))
    ? (await readTorchFile(path)).tensors
    : (await readSafetensors(path)).tensors;
}

/** The key below which the model's tensors lie, with its dot; '' where they lie at the top. */
function prefixOf(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  own: ReadonlyMap<string, Tensor>,
  what: string,
): string {
  const [first] = own.keys();
  const found = [...tensors.keys()].filter((name) => name === first || name.endsWith(`.${first}`));
  const prefixes = found.map((name) => name.slice(0, name.length - (first as string).length));
  // Copies such as moments lack the running statistics.
  const whole = prefixes.find((prefix) =>
    [...own.keys()].every((name) => tensors.has(prefix + name)),
  );
  const chosen = whole ?? prefixes[0];
  if (chosen !== undefined) return chosen;
  throw fileFormat(path, `it lacks "${first}", the first tensor of ${what}`);
}
