import type { Command } from 'commander';
import { addWaveformFlags, MODEL_ARGUMENT, OUT_FLAG, type WaveformFlags } from './analyze-flags.js';
import type { Execute } from './command-context.js';
import { integerFrom, real } from './option-parsing.js';

/** Where the filters of a model have their energy. */
export interface WignerRequest extends WaveformFlags {
  readonly model: string;
  /** Those with the most energy; absent: all. */
  readonly filters?: number;
  /** Part of each filter's highest value. */
  readonly threshold: number;
  /** Samples of a window over the lag. */
  readonly lagWindow?: number;
  /** Samples of a window over time. */
  readonly timeWindow?: number;
  readonly out?: string;
}

/** `fewsound analyze wigner`: declares it; the work is loaded when it is called. */
export function addAnalyzeWigner(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('wigner')
    .argument('<model>', MODEL_ARGUMENT)
    .summary('where filters have their energy over time and frequency')
    .description('Contours of the Wigner-Ville distributions of filters that read the waveform.');
  addWaveformFlags(command)
    .option('--filters <count>', 'those with the most energy; default: all', integerFrom(1))
    .option('--threshold <part>', "of each filter's highest value, from 0 to below 1", real, 0.7)
    .option('--lag-window <samples>', 'smooth over frequency; odd; default: not', integerFrom(1))
    .option('--time-window <samples>', 'smooth over time; odd; default: not', integerFrom(1))
    .option(...OUT_FLAG);
  command.action((model: string) =>
    execute(command, async () => {
      const flags = command.opts<Omit<WignerRequest, 'model'>>();
      const { analyzeWigner } = await import('./analyze-wigner.js');
      return analyzeWigner({ ...flags, model });
    }),
  );
}
