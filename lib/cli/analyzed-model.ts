import { basename, extname } from 'node:path';
import { type ModelFile, readModelFile, waveformFilters } from '../analysis/index.js';
import { FewSoundError } from '../native/errors.js';

/** A model that is looked into. */
export interface AnalyzedModel extends ModelFile {
  /** What to call it in titles. */
  readonly name: string;
}

/** Reads a model; its tensors belong to the scope around. */
export async function readAnalyzedModel(path: string): Promise<AnalyzedModel> {
  return { ...(await readModelFile(path)), name: basename(path, extname(path)) };
}

/**
 * The names of the layers through which a model hears.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the file
 */
export function hearingLayers(
  { state, name }: AnalyzedModel,
  layer: readonly string[] | undefined,
): readonly string[] {
  try {
    return waveformFilters(state, layer === undefined ? {} : { layer }).layers;
  } catch (error) {
    if (!(error instanceof FewSoundError)) throw error;
    const { code, message, field } = error;
    throw new FewSoundError(code, `${name}: ${message}`, {
      cause: error,
      ...(field !== undefined && { field }),
    });
  }
}

/**
 * The rate that is asked for, where the model does not say another.
 *
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function agreedRate(
  { name, sampleRate: own }: AnalyzedModel,
  asked: number | undefined,
): number | undefined {
  if (asked === undefined || own === undefined || asked === own) return asked ?? own;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${name} was learned at ${own} Hz, and --sample-rate is ${asked}; leave the option out.`,
    { field: 'sampleRate' },
  );
}
