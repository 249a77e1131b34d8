import { z } from 'zod';
import { invalidArgument } from '../errors.js';
import { flag, optionsObject, parseOptions, wholeNumber } from '../options.js';
import type { Tensor } from '../tensor/index.js';
import {
  blockDictionary,
  type DictionaryLayer,
  dictionaryOf,
  type StateDict,
} from './dictionary.js';

/** What the shapes of a layer's weights do not show. */
export interface LayerDescription {
  /** The layer's name in tables and curves. */
  readonly name: string;
  /** Its weight; several for convolutions side by side, which are one dictionary. */
  readonly branches: readonly {
    /** Name of the tensor, with or without a prefix from the training program (`module.`). */
    readonly weight: string;
    /** Default 1. */
    readonly dilation?: number;
    /** Default 1. */
    readonly groups?: number;
  }[];
  /** Whether a shortcut is added to its output. Default false. */
  readonly residual?: boolean;
}

const text = z.string({ error: 'Expected a name' }).min(1, { error: 'Expected a name' });
const several = { error: 'Expected a list with at least one entry' };

const schema = z
  .array(
    optionsObject({
      name: text,
      branches: z
        .array(
          optionsObject({
            weight: text,
            dilation: wholeNumber(1, 2 ** 20).default(1),
            groups: wholeNumber(1, 2 ** 20).default(1),
          }),
          several,
        )
        .min(1, several),
      residual: flag.default(false),
    }),
    several,
  )
  .min(1, several);

/**
 * The layers of a model as described.
 *
 * @param what how errors call the model
 * @throws FewSoundError INVALID_ARGUMENT for a description of another form, or naming the tensor
 *   that is missing
 */
export function describedLayers(
  state: StateDict,
  descriptions: readonly LayerDescription[],
  what: string,
): DictionaryLayer[] {
  return parseOptions(schema, descriptions, 'layers').map(({ name, branches, residual }) => {
    const found = branches.map(({ weight, ...rest }) => ({
      weight: tensorOf(state, weight, what),
      ...rest,
    }));
    const [first, ...others] = found;
    if (first === undefined || others.length > 0) {
      return { name, kind: 'block', residual, dictionary: () => blockDictionary(found) };
    }
    const { weight, ...options } = first;
    const kind = ({ 2: 'linear', 4: 'conv2d' } as const)[weight.rank] ?? 'conv1d';
    return { name, kind, residual, dictionary: () => dictionaryOf(weight, { kind, ...options }) };
  });
}

/** The tensor of that name; of several with a prefix, the one with the shortest. */
function tensorOf(state: StateDict, name: string, what: string): Tensor {
  const names = [...state.keys()].filter((key) => key === name || key.endsWith(`.${name}`));
  const [nearest] = names.sort((a, b) => a.length - b.length);
  const found = nearest === undefined ? undefined : state.get(nearest);
  if (found !== undefined) return found;
  throw invalidArgument(
    'model',
    `the state dict is not that of ${what}: it lacks "${name}". Use 'any', or describe its layers.`,
  );
}

/**
 * Layers of Inc-TSSDNet as Table 4 of paper 2 counts them: I the first convolution, II to V the
 * blocks of four dilated convolutions, each one dictionary.
 */
export const incTssdnetLayers: readonly LayerDescription[] = [
  { name: 'I', branches: [{ weight: 'conv1.weight' }] },
  ...['II', 'III', 'IV', 'V'].map((name, index) => ({
    name,
    branches: [1, 2, 4, 8].map((dilation) => ({
      weight: `DCM${index + 1}.cv${dilation}.weight`,
      dilation,
    })),
  })),
];

/**
 * Layers of Res-TSSDNet by depth: the first convolution and the three of each residual module,
 * whose shortcut is added to the third one's output. The 1 × 1 convolutions of the shortcuts are
 * left out.
 */
export const resTssdnetLayers: readonly LayerDescription[] = [
  { name: 'conv1', branches: [{ weight: 'conv1.weight' }] },
  ...[1, 2, 3, 4].flatMap((module) =>
    [1, 2, 3].map((index) => ({
      name: `RSM${module}.conv${index}`,
      branches: [{ weight: `RSM${module}.conv${index}.weight` }],
      residual: index === 3,
    })),
  ),
];
