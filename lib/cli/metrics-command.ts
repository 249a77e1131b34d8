import type { Command } from 'commander';
import type { Execute } from './command-context.js';
import { integerFrom } from './option-parsing.js';

/** How far one recording is from another. */
export interface MetricsRequest {
  readonly reference: string;
  readonly degraded: string;
  /** Hz; both are resampled to it. */
  readonly sampleRate?: number;
  /** Cut the longer one. */
  readonly crop?: boolean;
}

/** `fewsound metrics`: declares it; the work is loaded when it is called. */
export function addMetricsCommand(program: Command, execute: Execute): void {
  const command = program
    .command('metrics')
    .argument('<reference>', 'the original recording')
    .argument('<degraded>', 'what is judged')
    .summary('measure how far a recording is from its original')
    .description(
      'Measures how far a recording is from its original: MSE, MAE, PSNR, SNR, SI-SNR, LSD, the Wasserstein distance of the spectra, STOI and ESTOI; PESQ and CDPAM after `fewsound setup pesq` and `fewsound setup cdpam`. Amplitudes are compared as they are; stereo is mixed down.',
    )
    .option(
      '--sample-rate <hertz>',
      'resample both to this rate; needed where their rates differ',
      integerFrom(1),
    )
    .option('--crop', 'cut the longer recording to the length of the shorter');
  command.action((reference: string, degraded: string) =>
    execute(command, async (context) => {
      const { sampleRate, crop } = command.opts<Pick<MetricsRequest, 'sampleRate' | 'crop'>>();
      const { measure } = await import('./metrics.js');
      return measure(
        {
          reference,
          degraded,
          ...(sampleRate !== undefined && { sampleRate }),
          crop: crop === true,
        },
        context,
      );
    }),
  );
}
