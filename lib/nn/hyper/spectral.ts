import { invalidArgument } from '../../errors.js';
import type { SpectralOptions } from '../../options.generated.js';
import { scope, type Tensor } from '../../tensor/index.js';
import { loadWeights } from '../published-weights.js';
import type { HyperNetwork } from './hyper-network.js';

export type { SpectralOptions };

const PREFIX = 'encoder.posteriorgram.';

/** The options of a model's encoder where it is `spectral`. */
function spectralOptions({ options: { encoder } }: HyperNetwork): SpectralOptions | undefined {
  return encoder.kind === 'spectral' ? encoder : undefined;
}

/**
 * Copies the weights of a network of phonetic posteriorgrams into a model whose encoder is
 * `spectral`: a checkpoint of VoiceBlock's, such as the `causal_ppg_256_hidden_512_hop.pt` of the
 * authors, of which nothing is executed, or the same as safetensors. With `posteriorgram: 'frozen'`
 * they stay as they are; with 'learned' they are where learning begins.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a model without posteriorgram; FILE_NOT_FOUND, IO;
 *   FILE_FORMAT for a file that is cut short, that asks for something to be executed, or without
 *   the tensors of a posteriorgram of this width; nothing is changed then
 */
export async function loadPosteriorgram(model: HyperNetwork, path: string): Promise<void> {
  const options = spectralOptions(model);
  if (options === undefined || options.posteriorgram === 'none') {
    throw invalidArgument(
      'model',
      'loadPosteriorgram: the model has no posteriorgram; make it with encoder: ' +
        "{ kind: 'spectral', posteriorgram: 'frozen' }.",
    );
  }
  await loadWeights(path, {
    what: `a posteriorgram of width ${options.posteriorgramHidden}`,
    dtype: model.dtype,
    device: model.device,
    stateDict: () => {
      const own = [...model.stateDict()].filter(([name]) => name.startsWith(PREFIX));
      return new Map(own.map(([name, tensor]) => [name.slice(PREFIX.length), tensor]));
    },
    loadStateDict: (state) => {
      const all = model.stateDict();
      for (const [name, tensor] of state) all.set(PREFIX + name, tensor);
      model.loadStateDict(all);
    },
  });
}

/**
 * That a frozen posteriorgram has weights.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the option
 */
export function requirePosteriorgram(model: HyperNetwork): void {
  if (spectralOptions(model)?.posteriorgram !== 'frozen') return;
  const first = model.stateDict().get(`${PREFIX}mlp.0.weight`) as Tensor;
  if (scope(() => first.abs().max().item()) > 0) return;
  throw invalidArgument(
    'encoder.posteriorgram',
    "encoder.posteriorgram is 'frozen' and has no weights yet; load them by loadPosteriorgram, or " +
      "choose 'learned' or 'none'.",
  );
}
