import {
  type Device,
  type DType,
  readSafetensors,
  readTorchFile,
  scope,
  type Tensor,
} from '../../tensor/index.js';
import { isTorchFile } from '../../tensor/torch-file/read.js';
import { fileFormat, loadFileTensors, requirePath } from '../model-file.js';

/** What weights are copied into, such as a `WaveformClassifier`. */
interface WeightsOwner {
  readonly kind: string;
  readonly classes: number;
  readonly dtype: DType;
  readonly device: Device;
  stateDict(): Map<string, Tensor>;
  loadStateDict(state: ReadonlyMap<string, Tensor>): void;
}

/** Copies the weights of a checkpoint of another program, see `WaveformClassifier.loadWeights`. */
export async function loadWeights(path: string, model: WeightsOwner): Promise<void> {
  requirePath(path);
  await scope(async () => {
    const tensors = await readTensors(path);
    const own = model.stateDict();
    const prefix = prefixOf(path, tensors, own, model.kind);
    const state = new Map<string, Tensor>();
    for (const name of own.keys()) {
      const stored = tensors.get(prefix + name);
      if (stored === undefined) {
        throw fileFormat(path, `it lacks "${prefix}${name}", a tensor of a ${model.kind} model`);
      }
      state.set(name, stored.to({ dtype: model.dtype, device: model.device }));
    }
    loadFileTensors(
      path,
      model,
      state,
      (problem) =>
        `its tensors are not those of a ${model.kind} model of ${model.classes} classes (${problem})`,
    );
  });
}

/** The tensors of a safetensors file or of one that torch.save wrote. */
async function readTensors(path: string): Promise<ReadonlyMap<string, Tensor>> {
  return (await isTorchFile(path))
    ? (await readTorchFile(path)).tensors
    : (await readSafetensors(path)).tensors;
}

/** The key below which the model's tensors lie, with its dot; '' where they lie at the top. */
function prefixOf(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  own: ReadonlyMap<string, Tensor>,
  kind: string,
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
  throw fileFormat(path, `it lacks "${first}", the first tensor of a ${kind} model`);
}
