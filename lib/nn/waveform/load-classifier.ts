import { FewSoundError } from '../../native/errors.js';
import { scope } from '../../tensor/index.js';
import type { LoadOptions } from '../load.js';
import { fileFormat, readFewsoundFile, takeModelTensors } from '../network-file.js';
import type { ClassifierKind, WaveformClassifier } from './classifier.js';
import { readClassifierDescription } from './classifier-file.js';
import { createClassifier } from './create-classifier.js';

/**
 * Reads a classifier that `save` or a training wrote. Nothing in the file is executed.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO; FILE_FORMAT, naming what is wrong, for a file that is cut short, that holds
 *   something else, or whose tensors are not those of the model that it names; DEVICE_UNAVAILABLE
 */
export async function loadClassifier(
  path: string,
  { device = 'cpu' }: LoadOptions = {},
): Promise<WaveformClassifier> {
  return scope(async () => {
    const file = await readFewsoundFile(path);
    if (file.content !== 'classifier' && file.content !== 'classifier-training') {
      throw fileFormat(path, `it holds a ${file.content}, no classifier`);
    }
    const prefix = file.content === 'classifier-training' ? 'model.' : '';
    const { kind, options, listening } = readClassifierDescription(path, file);
    const numbers = [...file.tensors.values()].reduce((sum, { size }) => sum + size, 0);
    if (leastNumbers(options) > numbers) {
      throw fileFormat(path, `its metadata describe a larger model than its ${numbers} numbers`);
    }
    let model: WaveformClassifier | undefined;
    try {
      model = createClassifier(kind as ClassifierKind, { ...options, device });
      takeModelTensors(path, model, file.tensors, prefix);
      if (listening !== undefined) model.listening = listening as WaveformClassifier['listening'];
      return model;
    } catch (error) {
      model?.dispose();
      if (!(error instanceof FewSoundError) || error.code !== 'INVALID_ARGUMENT') throw error;
      throw fileFormat(path, `its metadata describe no classifier: ${error.message}`, error);
    }
  });
}

/** A lower bound, so that a lying file cannot ask for more memory than it has bytes. */
function leastNumbers({ classes, layers, hidden, samples }: Record<string, unknown>): number {
  // The last dense layer of a TSSDNet has 32 inputs.
  if (!Array.isArray(layers)) return 32 * Number(classes);
  let [channels, time, numbers] = [1, Number(samples), Number(hidden) * Number(classes)];
  for (const { kernels, filters, stride, pooling } of layers as Record<string, unknown>[]) {
    const taps = Array.isArray(kernels)
      ? kernels.reduce((sum, width) => sum + Number(width), 0)
      : 0;
    numbers += channels * Number(filters) * taps;
    channels = Number(filters) * (Array.isArray(kernels) ? kernels.length : 0);
    time = Math.floor(Math.ceil(time / Number(stride)) / Number(pooling));
  }
  // What is no number is refused with the options.
  return numbers + channels * time * Number(hidden);
}
