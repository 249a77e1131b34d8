import { z } from 'zod';
import { FewSoundError } from '../../errors.js';
import {
  commonFields,
  flag,
  layerWidths,
  nonNegativeNumber,
  optionsObject,
  wholeNumber,
} from '../../options.js';
import type { Inr, ResolvedOptions } from '../inr.js';
import type { KanOptions, NerfOptions, SirenOptions } from '../networks.js';
import { createInr } from '../networks.js';

/** What belongs to the model as a whole and not to its target. */
type Own = 'seed' | 'dtype' | 'device';

/** The network whose weights are written: its kind and its options. */
export type TargetOptions =
  | ({ kind: 'kan' } & Omit<KanOptions, Own>)
  | ({ kind: 'nerf' } & Omit<NerfOptions, Own>)
  | ({ kind: 'siren' } & Omit<SirenOptions, Own>);

/** Options of the encoder E (SPEC "FewSound"; Zeghidour et al. 2021). */
export interface EncoderOptions {
  /** Channels C after the first convolution, doubled by every block. Default 16. */
  channels?: number;
  /** Numbers D for each step of time in the code. Default 32. */
  dimension?: number;
  /** Of the blocks, 1 to 8 of them. Default [2, 4, 5, 8]. */
  strides?: readonly number[];
  /** Layer norm over channels and time, which ties the encoder to one length. Default true. */
  layerNorm?: boolean;
}

/** Options of both models that write networks. */
export interface HyperNetworkOptions {
  target?: TargetOptions;
  /** Samples of a recording, 2 to 16,777,216. Default 32,768. */
  samples?: number;
  encoder?: EncoderOptions;
  /** Hidden widths of the hypernetwork H. Default `hypernetworkSizes.small`. */
  hidden?: readonly number[];
  /**
   * What becomes of the written weights: they are the target's ('target', the default), are added to
   * weights of its own ('residual'), or multiply them ('modulator').
   */
  mode?: WeightMode;
  /** Layers of the target, by number from 0, whose weights all recordings share. Default none. */
  sharedLayers?: readonly number[];
  /** Whether all recordings share learnable frequencies and ω; else they are written too. Default false. */
  sharedEncoding?: boolean;
  /** Seed of the initial weights. Without it one is drawn and recorded in `options`. */
  seed?: number;
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
  /** Default 'cpu'. */
  device?: 'cpu' | 'cuda' | `cuda:${number}`;
}

export const weightModes = ['target', 'residual', 'modulator'] as const;
export type WeightMode = (typeof weightModes)[number];

/** Hidden widths of the two hypernetworks of paper 1, section 4.2 (17.5M and 41.2M parameters). */
export const hypernetworkSizes = {
  small: [400, 768, 768, 768, 768, 400],
  large: [960, 768, 768, 768, 768, 960],
} as const satisfies Record<string, readonly number[]>;

const encoderSchema = optionsObject({
  channels: wholeNumber(1, 4096).default(16),
  dimension: wholeNumber(1, 65_536).default(32),
  strides: z
    .array(wholeNumber(1, 64), { error: 'Expected an array of strides, such as [2, 4, 5, 8]' })
    .min(1, { error: 'Expected at least one stride' })
    .max(8, { error: 'Expected at most 8 strides' })
    .default([2, 4, 5, 8]),
  layerNorm: flag.default(true),
}).prefault({});

const modeError = `Expected ${weightModes.map((mode) => `'${mode}'`).join(', ')}`;

/** The fields that both models have; `target` is checked by {@link resolveTarget}. */
export function hyperFields(defaultTarget: TargetOptions) {
  return {
    target: z
      .custom<TargetOptions>((value) => typeof value === 'object' && value !== null, {
        error: "Expected { kind: 'kan', 'nerf' or 'siren', …options of that network }",
      })
      .default(defaultTarget),
    samples: wholeNumber(2, 2 ** 24).default(32_768),
    encoder: encoderSchema,
    hidden: layerWidths.default([...hypernetworkSizes.small]),
    mode: z.enum(weightModes, { error: modeError }).default('target'),
    sharedLayers: z
      .array(wholeNumber(0, 63), { error: 'Expected an array of layer numbers' })
      .default([]),
    sharedEncoding: flag.default(false),
    ...commonFields,
  };
}

/** The fields that universal weights add. */
export const universalFields = {
  universalKernel: wholeNumber(1, 2 ** 20).default(8101),
  universalConvolutions: wholeNumber(0, 8).default(2),
  warmupEpochs: nonNegativeNumber.default(50),
};

const targetKinds = ['kan', 'nerf', 'siren'] as const;

/** A target with all its options, and as the addon takes them. */
export interface ResolvedTarget {
  readonly target: ResolvedOptions<TargetOptions> & TargetOptions;
  readonly native: { kind: TargetOptions['kind']; options: object };
}

/**
 * @throws FewSoundError INVALID_ARGUMENT for a kind that cannot be a target, or an option of the target
 */
export function resolveTarget(given: TargetOptions, seed: number, dtype: string): ResolvedTarget {
  const { kind, ...options } = given;
  if (!targetKinds.includes(kind)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `target.kind is ${JSON.stringify(kind)}; expected 'kan', 'nerf' or 'siren', the networks that take written weights.`,
      { field: 'target.kind' },
    );
  }
  const own = ['seed', 'dtype', 'device'].find((name) => name in options);
  if (own !== undefined) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `target.${own} belongs to the model as a whole; give it beside target.`,
      { field: `target.${own}` },
    );
  }
  using prototype = createPrototype(kind, { ...options, seed, dtype });
  const {
    seed: _,
    dtype: __,
    device: ___,
    ...resolved
  } = prototype.options as unknown as Record<string, unknown>;
  return {
    target: Object.freeze({ kind, ...resolved }) as unknown as ResolvedTarget['target'],
    native: { kind, options: prototype.nativeOptions },
  };
}

/** A network by the target's options; what is wrong with one is named with its place in the model's options. */
function createPrototype(kind: TargetOptions['kind'], options: object): Inr {
  try {
    return createInr(kind, options);
  } catch (error) {
    if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') throw error;
    throw new FewSoundError('INVALID_ARGUMENT', `target: ${error.message}`, {
      field: error.field === undefined ? 'target' : `target.${error.field}`,
      cause: error,
    });
  }
}
