import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { type ModelFile, readModelFile, waveformFilters } from '../../../analysis/index.js';
import { FewSoundError } from '../../../errors.js';
import { integerFrom } from '../../flags/parsers.js';

/** What the arguments of `analyze` that name a model may be. */
export const MODEL_ARGUMENT =
  'a model: a safetensors file, of fewsound or any other program, or a checkpoint of PyTorch (.pth)';

export const OUT_FLAG = [
  '--out <folder>',
  'folder for figures, numbers and report.html; default: nothing is written',
] as const;

/** Options of analyses of filters that read a waveform. */
export interface WaveformFlags {
  readonly layer?: readonly string[];
  /** Hz. */
  readonly sampleRate?: number;
}

/** Adds `--layer` and `--sample-rate`. */
export function addWaveformFlags(command: Command): Command {
  return command
    .option(
      '--layer <name...>',
      'layers whose filters read the waveform; default: the first such, with those beside it',
    )
    .option(
      '--sample-rate <hertz>',
      "that the model was trained at; default: what the model's file says, else 16000",
      integerFrom(1),
    );
}

/** A model that is looked into. */
export interface AnalyzedModel extends ModelFile {
  /** What to call it in titles. */
  readonly name: string;
}

/** The rate at which a model hears, Hz. */
export interface HearingRate {
  readonly sampleRate: number;
  /** Neither the model nor the user has said it. */
  readonly assumed: boolean;
}

/** The paper's models hear at this rate. */
const PAPER_RATE = 16_000;

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
  return ofModel(name, () => waveformFilters(state, layer === undefined ? {} : { layer }).layers);
}

/** Names the model in the errors of an analysis that knows its tensors only. */
export function ofModel<T>(name: string, analyse: () => T): T {
  try {
    return analyse();
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
 * The rate that the model says, or that is asked for, or the paper's.
 *
 * @throws FewSoundError INVALID_ARGUMENT where the first two differ
 */
export function hearingRate(
  { name, sampleRate: own }: AnalyzedModel,
  asked: number | undefined,
): HearingRate {
  if (asked !== undefined && own !== undefined && asked !== own) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${name} was learned at ${own} Hz, and --sample-rate is ${asked}; leave the option out.`,
      { field: 'sampleRate' },
    );
  }
  const known = asked ?? own;
  return { sampleRate: known ?? PAPER_RATE, assumed: known === undefined };
}
