import { basename } from 'node:path';
import { type Clip, crop, loadClip } from '../audio/index.js';
import { evaluate } from '../metrics/index.js';
import { FewSoundError } from '../native/errors.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { MetricsRequest } from './metrics-command.js';
import { metricsText } from './metrics-text.js';

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
