import { types } from 'node:util';
import { z } from 'zod';
import { addon } from '../addon/addon.js';
import type { AdamWHandle } from '../addon/models.js';
import { FewSoundError } from '../errors.js';
import { nonNegativeNumber, optionsObject, parseOptions, positiveNumber } from '../options.js';
import type { Tensor } from '../tensor/index.js';
import { handleOf, ownTensor } from '../tensor/tensor.js';
import type { ScheduledRate } from './schedule.js';
import { beta } from './schedule.js';

/** Options of {@link AdamW}. */
export interface AdamWOptions {
  /** Above 0. Default 1e-3. */
  learningRate?: number;
  /** Decays of the moments, in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Above 0. Default 1e-8. */
  epsilon?: number;
  /** Decoupled weight decay, 0 or more. Default 0.01. */
  weightDecay?: number;
}

const schema = optionsObject({
  learningRate: positiveNumber.default(1e-3),
  betas: z
    .tuple([beta, beta], { error: 'Expected two numbers from 0 to below 1' })
    .default([0.9, 0.999]),
  epsilon: positiveNumber.default(1e-8),
  weightDecay: nonNegativeNumber.default(0.01),
});

const rateSchema = optionsObject({ learningRate: nonNegativeNumber, beta1: beta });

/** What AdamW remembers of a parameter; those of a complex one are real, with the parts last. */
export interface AdamWState {
  /** Updates done. */
  readonly step: number;
  /** Running means of the gradients, in the order of the parameters: the optimiser's own tensors. */
  readonly firstMoments: readonly Tensor[];
  /** Running means of their squares, likewise. */
  readonly secondMoments: readonly Tensor[];
}

/** AdamW with decoupled weight decay (Loshchilov & Hutter 2019), the update that `fit` makes. */
export class AdamW {
  readonly options: Readonly<Required<AdamWOptions>>;
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
    const { learningRate, betas, epsilon, weightDecay } = this.options;
    this.#handle = addon().createAdamW(list.map(handleOf), {
      learningRate,
      betas,
      epsilon,
      weightDecay,
    });
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

  /** Where the optimiser is. Write into the moments and set `stepCount` to restore a state. */
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
  throw new FewSoundError('INVALID_ARGUMENT', 'AdamW: there are no parameters to optimise.', {
    field: 'parameters',
  });
}
