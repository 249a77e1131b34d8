import { addon } from '../addon/addon.js';
import { invalidArgument } from '../errors.js';
import { isThenable, requireFunction } from './scope.js';
import { handleOf, type Tensor, wrapTensor } from './tensor.js';

/**
 * Runs `body` without recording operations, which saves the memory for differentiation. Recording
 * is restored afterwards, also after an error.
 *
 * The switch belongs to the thread (each worker has its own), not to an asynchronous context:
 * across an `await`, other code would run unrecorded. So `body` must be synchronous.
 *
 * @throws FewSoundError INVALID_ARGUMENT where `body` returns a promise or is not a function
 */
export function noGrad<T>(body: () => T): T {
  requireFunction('noGrad', body);
  const native = addon();
  const before = native.gradEnabled();
  native.setGradEnabled(false);
  let result: T;
  try {
    result = body();
  } finally {
    native.setGradEnabled(before);
  }
  if (isThenable(result)) {
    // Nobody waits for it any more, so nobody would handle its rejection.
    Promise.resolve(result).catch(() => undefined);
    throw invalidArgument(
      'body',
      'noGrad: the body must be synchronous, but returned a promise; wrap the parts between awaits.',
    );
  }
  return result;
}

/** How `gradients` differentiates. */
export interface GradientsOptions {
  /** Derivatives of the final value by each output. Default: ones, for outputs of one element. */
  gradOutputs?: readonly Tensor[];
  /** Keeps the record of operations for another pass. Default: as createGraph. */
  retainGraph?: boolean;
  /** Records the computation of the gradients, for gradients of gradients. Default false. */
  createGraph?: boolean;
}

/**
 * The derivatives of the sum of the outputs with respect to each input. Changes no other gradient.
 *
 * @returns one tensor for each input, in its shape; null where no output depends on it
 * @throws FewSoundError OPERATOR where nothing was recorded, SHAPE_MISMATCH, INVALID_ARGUMENT
 */
export function gradients(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradientsOptions = {},
): (Tensor | null)[] {
  const { gradOutputs, createGraph = false, retainGraph = createGraph } = options;
  const list = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor];
  return addon()
    .gradients(
      list.map(handleOf),
      inputs.map(handleOf),
      gradOutputs ? gradOutputs.map(handleOf) : null,
      retainGraph,
      createGraph,
    )
    .map((gradient) => gradient && wrapTensor(gradient));
}
