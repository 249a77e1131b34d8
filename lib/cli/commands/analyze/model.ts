import { basename, extname } from 'node:path';
import {
  type ModelFile,
  readModelFile,
  type WaveformFilters,
  waveformFilters,
} from '../../../analysis/index.js';
import { FewSoundError } from '../../../errors.js';
import { ofModel, type Values } from '../../command.js';
import { flag, integerFrom } from '../../flags/parsers.js';

/** The meaning of an argument that names a model. */
export const MODEL_ARGUMENT =
  'a model: a safetensors file, of fewsound or any other program, or a checkpoint of PyTorch (.pth)';

export const outFlag = flag(
  '--out <folder>',
  'folder for figures, numbers and report.html; default: nothing is written',
);

/** Options of analyses of filters that read a waveform. */
export const waveformFlags = {
  layer: flag(
    '--layer <name...>',
    'layers whose filters read the waveform; default: the first such, with those beside it',
  ),
  sampleRate: flag(
    '--sample-rate <hertz>',
    "that the model was trained at; default: what the model's file says, else 16000",
    integerFrom(1),
  ),
};

/** A model to analyze. */
export interface AnalyzedModel extends ModelFile {
  /** Its name in titles. */
  readonly name: string;
}

/** The filters through which a model reads recordings. */
export interface AnalyzedFilters extends WaveformFilters {
  /** Hz. */
  readonly sampleRate: number;
  /** Neither the model nor the user says what the rate is. */
  readonly rateIsAssumed: boolean;
}

/** The paper's models read recordings at this rate. */
const PAPER_RATE = 16_000;

/** Reads a model; its tensors belong to the scope around. */
export async function readAnalyzedModel(path: string): Promise<AnalyzedModel> {
  return { ...(await readModelFile(path)), name: basename(path, extname(path)) };
}

/**
 * The filters of the layers that read the waveform, at the rate that the model says, or that is
 * asked for, or the paper's.
 *
 * @throws FewSoundError INVALID_ARGUMENT naming the model, also where the first two rates differ
 */
export function filtersOf(
  { name, state, sampleRate: own }: AnalyzedModel,
  { layer, sampleRate: asked, stride }: Values<typeof waveformFlags> & { stride?: number },
): AnalyzedFilters {
  if (asked !== undefined && own !== undefined && asked !== own) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${name} was trained at ${own} Hz, and --sample-rate is ${asked}; leave the option out.`,
      { field: 'sampleRate' },
    );
  }
  const known = asked ?? own;
  const sampleRate = known ?? PAPER_RATE;
  const filters = ofModel(name, () => waveformFilters(state, { layer, stride, sampleRate }));
  return { ...filters, sampleRate, rateIsAssumed: known === undefined };
}
