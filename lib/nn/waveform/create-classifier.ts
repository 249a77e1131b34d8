import { FewSoundError } from '../../native/errors.js';
import { type ClassifierKind, classifierKinds, type WaveformClassifier } from './classifier.js';
import type { ClassifierOptions, WaveformCnnOptions } from './classifier-options.js';
import { IncTssdnet, ResTssdnet } from './tssdnets.js';
import { MultiResolutionCnn, SegmentalCnn, SubSegmentalCnn } from './waveform-cnns.js';

/** The options of each kind of classifier. */
export interface ClassifierOptionsByKind {
  'segmental-cnn': WaveformCnnOptions;
  'sub-segmental-cnn': WaveformCnnOptions;
  'multi-resolution-cnn': WaveformCnnOptions;
  'res-tssdnet': ClassifierOptions;
  'inc-tssdnet': ClassifierOptions;
}

const classes = {
  'segmental-cnn': SegmentalCnn,
  'sub-segmental-cnn': SubSegmentalCnn,
  'multi-resolution-cnn': MultiResolutionCnn,
  'res-tssdnet': ResTssdnet,
  'inc-tssdnet': IncTssdnet,
} as const satisfies {
  readonly [Kind in ClassifierKind]: new (
    options?: ClassifierOptionsByKind[Kind],
  ) => unknown;
};

/**
 * A classifier by the name of its kind.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown kind, and what its constructor throws
 */
export function createClassifier<Kind extends ClassifierKind>(
  kind: Kind,
  options?: ClassifierOptionsByKind[Kind],
): WaveformClassifier {
  if (!classifierKinds.includes(kind)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `kind is ${JSON.stringify(kind)}; expected ${classifierKinds.join(', ')}.`,
      { field: 'kind' },
    );
  }
  return new classes[kind](options);
}
