import { types } from 'node:util';
import { z } from 'zod';
import { addon } from '../addon/addon.js';
import type { AdamWHandle } from '../addon/models.js';
import { FewSoundError } from '../errors.js';
import type { OptimizerOptions } from '../options.generated.js';
import {
  fieldsOf,
  fitGroup,
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  pick,
  type Resolved,
} from '../options.js';
import type { Tensor } from '../tensor/index.js';
import { handleOf, ownTensor } from '../tensor/tensor.js';
import type { ScheduledRate } from './schedule.js';
import { beta } from './schedule.js';

/** Options of {@link AdamW}: all but the limit of an update, which is for `train`. */
export type AdamWOptions = Omit<OptimizerOptions, 'maxUpdate'>;

const rows = fitGroup('optimizer');
const { maxUpdate, ...fields } = fieldsOf<Resolved<OptimizerOptions>>(rows);

/**
 * The same for the options of trainings, and the limit. Each training has a learning rate of its
 * own.
 */
export const adamWFields = {
  ...fields,
  ...fieldsOf<{ learningRate: number | undefined }>(
    rows.flatMap((row) => (row.name === 'learningRate' ? { ...row, default: undefined } : [])),
  ),
};
export const maxUpdateField = maxUpdate;

/** Those of a training's options that are its optimizer's. */
export const optimizerOf = (training: Resolved<AdamWOptions>) =>
  pick<Resolved<OptimizerOptions>>(rows, training);

const schema = optionsObject(fields);
const rateSchema = optionsObject({ learningRate: nonNegativeNumber, beta1: beta });

/** What AdamW remembers of a parameter; those of a complex one are real, with the parts last. */
export interface AdamWState {
  /** Updates done. */
  readonly step: number;
  /**
   * Running means of the gradients, in the order of the parameters: the optimizer's own tensors.
   */
  readonly firstMoments: readonly Tensor[];
  /** Running means of their squares, likewise. */
  readonly secondMoments: readonly Tensor[];
}

/** AdamW with decoupled weight decay (Loshchilov & Hutter 2019), the update that `fit` makes. */
export class AdamW {
  readonly options: Resolved<AdamWOptions>;
  readonly #handle: AdamWHandle;

  /**
   * @param parameters leaves that require a gradient, as `network.parameters()`
   * @throws FewSoundError INVALID_ARGUMENT for a bad option, no parameters, or one that is no leaf
   */
  constructor(
    parameters: ReadonlyMap<string, Tensor> | Iterable<Tensor>,
    options: AdamWOptions = {},
  ) {
    this.options = Object.freeze(parseOptions(schema, options, 'AdamW options'));
    const list = listOf(parameters);
    this.#handle = addon().createAdamW(list.map(handleOf), this.options);
  }

  /**
   * One update. Parameters without a gradient stay as they are.
   *
   * @param rate for this update alone: a learning rate, or what `learningRateAt` gives
   */
  step(rate: number | ScheduledRate = this.options.learningRate): void {
    const given =
      typeof rate === 'number' ? { learningRate: rate, beta1: this.options.betas[0] } : rate;
    const { learningRate, beta1 } = parseOptions(rateSchema, given, 'step');
    addon().stepAdamW(this.#handle, learningRate, beta1);
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    addon().zeroGradAdamW(this.#handle);
  }

  /** Where the optimizer is. Write into the moments and set `stepCount` to restore a state. */
  get state(): AdamWState {
    const { step, firstMoments, secondMoments } = addon().stateOfAdamW(this.#handle);
    return {
      step,
      firstMoments: firstMoments.map(ownTensor),
      secondMoments: secondMoments.map(ownTensor),
    };
  }

  /** Updates done; decides the correction of the moments' bias. */
  get stepCount(): number {
    return addon().stateOfAdamW(this.#handle).step;
  }

  set stepCount(step: number) {
    addon().setStepOfAdamW(
      this.#handle,
      parseOptions(z.number().int().nonnegative(), step, 'stepCount'),
    );
  }
}

function listOf(parameters: ReadonlyMap<string, Tensor> | Iterable<Tensor>): Tensor[] {
  const iterable =
    typeof (parameters as Iterable<unknown> | null)?.[Symbol.iterator] === 'function';
  const list = iterable
    ? ([...(types.isMap(parameters) ? parameters.values() : parameters)] as Tensor[])
    : [];
  if (list.length > 0) return list;
  throw new FewSoundError('INVALID_ARGUMENT', 'AdamW: there are no parameters to optimize.', {
    field: 'parameters',
  });
}
