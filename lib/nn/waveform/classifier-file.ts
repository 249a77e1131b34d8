import { type SafetensorsFile, scope, writeSafetensors } from '../../tensor/index.js';
import { fileFormat, fileMetadata, jsonMetadata, requirePath } from '../network-file.js';
import type { WaveformClassifier } from './classifier.js';

/** The architecture of a classifier and how it hears, as files keep it. */
export function describeClassifier(model: WaveformClassifier): Record<string, unknown> {
  const { device: _, ...options } = model.options;
  const { kind, listening } = model;
  // Beside the options, where analyses of any model look for it.
  const rate = listening && { sampleRate: listening.sampleRate, listening };
  return { kind, options, ...rate };
}

/** Writes a classifier, see `WaveformClassifier.save`. */
export async function saveClassifier(path: string, model: WaveformClassifier): Promise<void> {
  requirePath(path);
  await scope(() =>
    writeSafetensors(
      path,
      model.stateDict(),
      fileMetadata('classifier', describeClassifier(model), undefined),
    ),
  );
}

/** What a file says of its classifier. */
export interface ClassifierDescription {
  readonly kind: unknown;
  readonly options: Record<string, unknown>;
  readonly listening?: unknown;
}

/** @throws FewSoundError FILE_FORMAT for a file that describes no classifier */
export function readClassifierDescription(
  path: string,
  file: SafetensorsFile,
): ClassifierDescription {
  const model = jsonMetadata(path, file, 'model') as Partial<ClassifierDescription> | null;
  const { kind, options, listening } = model ?? {};
  if (typeof options !== 'object' || options === null) {
    throw fileFormat(path, 'its metadata "model" describe no classifier');
  }
  return { kind, options, ...(listening !== undefined && { listening }) };
}
