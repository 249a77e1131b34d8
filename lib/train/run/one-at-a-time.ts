import { FewSoundError } from '../../native/errors.js';

const training = new WeakSet<object>();

/**
 * Work that trains a model, which no other may do meanwhile.
 *
 * @param caller how errors call the function
 * @throws FewSoundError INVALID_ARGUMENT where the model is being trained already
 */
export async function whileNoOtherTrains<T>(
  caller: string,
  model: object,
  work: () => Promise<T>,
): Promise<T> {
  if (training.has(model)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${caller}: the model is being trained already; wait for that to end, or make another model.`,
      { field: 'model' },
    );
  }
  training.add(model);
  try {
    return await work();
  } finally {
    training.delete(model);
  }
}
