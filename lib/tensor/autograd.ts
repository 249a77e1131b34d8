import { addon } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';
import { isThenable, requireFunction } from './scope.js';
import { handleOf, type Tensor, wrapTensor } from './tensor.js';

/**
 * Runs `body` without recording operations, so that nothing in it can be differentiated and no memory is kept for
 * that. Recording is as before afterwards, also with an error.
 *
 * The switch belongs to the thread (each worker has its own), not to an asynchronous context: with an `await` inside,
 * other code would run unrecorded. So `body` must be synchronous.
 *
 * @throws FewSoundError INVALID_ARGUMENT where `body` returns a promise or is no function
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
    // Its end is nobody's to wait for any more, so neither is its failure.
    Promise.resolve(result).catch(() => undefined);
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'noGrad: the body returned a promise, but it must be synchronous; put noGrad around the parts between awaits.',
      { field: 'body' },
    );
  }
  return result;
}

/** How `gradients` differentiates. */
export interface GradientsOptions {
  /** Derivatives of the final value with respect to each output; ones where left out (for outputs of one element). */
  gradOutputs?: readonly Tensor[];
  /** Keeps the record of operations, to go through it again. Default: as createGraph. */
  retainGraph?: boolean;
  /** Records the computation of the gradients, for gradients of gradients. Default false. */
  createGraph?: boolean;
}

/**
 * The derivatives of the sum of the outputs with respect to each input. Leaves no gradient anywhere else.
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
