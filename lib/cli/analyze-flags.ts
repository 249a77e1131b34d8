import type { Command } from 'commander';
import { integerFrom } from './option-parsing.js';

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
