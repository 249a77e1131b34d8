import { waveformFilters } from '../../lib/analysis';
import { createClip, encodeWav, loadClip, resample } from '../../lib/audio';
import { LabeledClips, prepareCorpus } from '../../lib/data';
import { evaluate } from '../../lib/metrics';
import { KAN } from '../../lib/nn';
import { HIGHEST_SAMPLE_RATE } from '../../lib/options';
import { ops, scope } from '../../lib/tensor';

const samples = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
const wav = encodeWav({ samples, sampleRate: 8000 });

/** Everything that takes a rate, and how it calls it. */
const takers: [string, string, (sampleRate: number) => unknown][] = [
  ['createClip', 'sampleRate', (rate) => createClip(samples, rate)],
  ['loadClip', 'sampleRate', (sampleRate) => loadClip(wav, { sampleRate, samples: 8 })],
  ['encodeWav', 'sampleRate', (sampleRate) => encodeWav({ samples, sampleRate })],
  ['resample from', 'from', (from) => resample(samples, from, HIGHEST_SAMPLE_RATE)],
  ['resample to', 'to', (to) => resample(samples, HIGHEST_SAMPLE_RATE, to)],
  ['evaluate', 'sampleRate', (sampleRate) => evaluate(samples, samples, { sampleRate })],
  [
    'render',
    'sampleRate',
    (sampleRate) => {
      using kan = new KAN({ layers: [2], encoding: 2, seed: 1 });
      kan.clip = { sampleRate: 8000, samples: 64 };
      return kan.render({ to: 1e-5, sampleRate });
    },
  ],
  [
    'waveformFilters',
    'sampleRate',
    (sampleRate) =>
      scope(() => {
        waveformFilters(new Map([['conv.weight', ops.ones([2, 1, 8])]]), { sampleRate });
      }),
  ],
];

describe.each(takers)('%s', (_, field, take) => {
  test('takes any rate that people record at, and the highest', async () => {
    for (const rate of [192_000, 768_000, HIGHEST_SAMPLE_RATE]) {
      await expect((async () => take(rate))()).resolves.not.toThrow();
    }
  });

  test('refuses one beyond reason at once', async () => {
    for (const rate of [HIGHEST_SAMPLE_RATE + 1, 3e9, Number.POSITIVE_INFINITY]) {
      await expect((async () => take(rate))()).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field,
      });
    }
  });
});

test('so do clips of classes and corpora, before they look for a file', async () => {
  const sampleRate = HIGHEST_SAMPLE_RATE + 1;
  const refusal = { code: 'INVALID_ARGUMENT', field: 'sampleRate' };
  await expect(
    LabeledClips.load({ labels: ['a', 'b'], files: [] }, { sampleRate }),
  ).rejects.toMatchObject(refusal);
  await expect(
    prepareCorpus({ corpus: 'folder', folder: '/absent', out: '/absent/out', sampleRate }),
  ).rejects.toMatchObject(refusal);
});
