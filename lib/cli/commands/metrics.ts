import { basename } from 'node:path';
import type { Command } from 'commander';
import { type Clip, crop, loadClip } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { evaluate } from '../../metrics/index.js';
import type { CommandContext, CommandResult, Execute } from '../command.js';
import { integerFrom } from '../flags/parsers.js';
import { metricsText } from '../terminal/metrics.js';

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

/** Measures a recording against its original. */
export async function measure(
  { reference, degraded, sampleRate, crop: mayCrop }: MetricsRequest,
  { signal }: CommandContext,
): Promise<CommandResult> {
  // Amplitudes are what is measured: no scaling.
  const options = { normalize: false, signal, ...(sampleRate !== undefined && { sampleRate }) };
  let [original, judged] = [await loadClip(reference, options), await loadClip(degraded, options)];
  requireOneRate(original, judged);
  const length = Math.min(original.length, judged.length);
  if (original.length !== judged.length) {
    if (!mayCrop) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `${basename(reference)} has ${original.length} samples and ${basename(degraded)} ${judged.length}; metrics compare sample by sample. Give --crop to cut the longer one to ${length}.`,
        { shapes: [[original.length], [judged.length]] },
      );
    }
    [original, judged] = [crop(original, 0, length), crop(judged, 0, length)];
  }
  const metrics = await evaluate(original, judged);
  return {
    json: { reference, degraded, sampleRate: original.sampleRate, samples: length, metrics },
    text: metricsText(metrics),
  };
}

function requireOneRate(original: Clip, judged: Clip): void {
  if (original.sampleRate === judged.sampleRate) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `the sample rates differ: ${original.sampleRate} Hz in the original, ${judged.sampleRate} Hz in the other. Give --sample-rate ${Math.min(original.sampleRate, judged.sampleRate)} to resample both.`,
    { field: 'sampleRate' },
  );
}
