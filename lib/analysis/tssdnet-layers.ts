import { FewSoundError } from '../native/errors.js';
import type { Tensor } from '../tensor/index.js';
import { blockDictionary, dictionaryOf } from './dictionary.js';
import type { DictionaryLayer, StateDict } from './model-layers.js';

const romans = ['I', 'II', 'III', 'IV', 'V'];

/**
 * Layers of Inc-TSSDNet as Table 4 of paper 2 counts them: I the first convolution, II to V the blocks of four dilated
 * convolutions (`DCMn.cvD.weight`, dilation D), each one dictionary.
 *
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT naming the tensor that is missing
 */
export function incTssdnetLayers(state: StateDict): DictionaryLayer[] {
  const first = need(state, 'conv1.weight', 'Inc-TSSDNet');
  const blocks = [1, 2, 3, 4].map((block) =>
    [1, 2, 4, 8].map((dilation) => ({
      weight: need(state, `DCM${block}.cv${dilation}.weight`, 'Inc-TSSDNet'),
      dilation,
    })),
  );
  return [
    conv(romans[0] as string, first, false),
    ...blocks.map((branches, index) => ({
      name: romans[index + 1] as string,
      kind: 'block' as const,
      residual: false,
      dictionary: () => blockDictionary(branches),
    })),
  ];
}

/**
 * Layers of Res-TSSDNet along its depth: the first convolution and the three of each residual module; the shortcut is added
 * to the third one's output. The 1 × 1 convolutions of the shortcuts lie beside the path and are left out.
 *
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT naming the tensor that is missing
 */
export function resTssdnetLayers(state: StateDict): DictionaryLayer[] {
  const names = [1, 2, 3, 4].flatMap((module) =>
    [1, 2, 3].map((index) => `RSM${module}.conv${index}`),
  );
  return ['conv1', ...names].map((name) =>
    conv(name, need(state, `${name}.weight`, 'Res-TSSDNet'), name.endsWith('.conv3')),
  );
}

function conv(name: string, weight: Tensor, residual: boolean): DictionaryLayer {
  return { name, kind: 'conv1d', residual, dictionary: () => dictionaryOf(weight) };
}

/** The tensor of that name, also below a prefix such as `module.`. */
function need(state: StateDict, name: string, model: string): Tensor {
  const found =
    state.get(name) ??
    [...state].find(
      ([key]) => key.endsWith(`.${name}`) && !/(DCM|RSM)\d/.test(key.slice(0, -name.length)),
    )?.[1];
  if (found !== undefined) return found;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `the state dict is not that of a ${model}: it lacks "${name}". Analyse it as 'any' model.`,
    { field: 'model' },
  );
}
