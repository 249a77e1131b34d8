import { optionsObject } from '../../native/option-fields.js';
import { WaveformClassifier } from './classifier.js';
import { type ClassifierOptions, classifierFields } from './classifier-options.js';

/** Six seconds at 16 kHz; four poolings by 4 leave one frame of 256 samples. */
const schema = optionsObject(classifierFields(96_000, 256));

/**
 * Res-TSSDNet (Hua, Teoh, Zhang 2021, "Towards end-to-end synthetic speech detection"): a convolution, four residual
 * modules, the largest value over time, three dense layers. Tensors have the names of the published checkpoints.
 */
export class ResTssdnet extends WaveformClassifier {
  override readonly kind = 'res-tssdnet';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: ClassifierOptions = {}) {
    super('res-tssdnet', 'res-tssdnet', schema, options);
  }
}

/**
 * Inc-TSSDNet (Hua, Teoh, Zhang 2021): the same with modules of four convolutions side by side, dilated by 1, 2, 4 and 8.
 * With two classes it has 92,658 parameters.
 */
export class IncTssdnet extends WaveformClassifier {
  override readonly kind = 'inc-tssdnet';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: ClassifierOptions = {}) {
    super('inc-tssdnet', 'inc-tssdnet', schema, options);
  }
}
