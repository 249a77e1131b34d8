import { basename } from 'node:path';
import { type Clip, crop, loadClip } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { evaluate } from '../../metrics/index.js';
import { defineCommand } from '../command.js';
import { argument, flag, integerFrom } from '../flags/parsers.js';
import { listedMetrics, metricsText } from '../terminal/metrics.js';

export const metrics = defineCommand({
  description: `Measures how far a recording is from its original: ${listedMetrics()}. Amplitudes are compared as they are; stereo is mixed down.`,
  examples: [
    'fewsound metrics original.wav reconstruction.wav',
    'fewsound metrics original.wav reconstruction.wav --json',
  ],
  inputs: {
    reference: argument('<reference>', 'the original recording'),
    degraded: argument('<degraded>', 'the recording to judge'),
    sampleRate: flag(
      '--sample-rate <hertz>',
      'resample both to this rate; needed where their rates differ',
      integerFrom(1),
    ),
    crop: flag('--crop', 'cut the longer recording to the length of the shorter'),
  },
  async run({ reference, degraded, sampleRate, crop: mayCrop }, { signal }) {
    // Amplitudes are what is measured: no scaling.
    const options = { normalize: false, signal, sampleRate };
    let [original, judged] = [
      await loadClip(reference, options),
      await loadClip(degraded, options),
    ];
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
  },
});

function requireOneRate(original: Clip, judged: Clip): void {
  if (original.sampleRate === judged.sampleRate) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `the sample rates differ: ${original.sampleRate} Hz in the original, ${judged.sampleRate} Hz in the other. Give --sample-rate ${Math.min(original.sampleRate, judged.sampleRate)} to resample both.`,
    { field: 'sampleRate' },
  );
}
