import { mkdir } from 'node:fs/promises';
import { createClip, peakNormalize, writeWav } from '../../lib/audio';
import { openCorpus, type PreparedCorpus, prepareCorpus } from '../../lib/data';
import { evaluate } from '../../lib/metrics';
import { FewSound, type TargetOptions } from '../../lib/nn';
import { noGrad, scope, tensor } from '../../lib/tensor';
import { train } from '../../lib/train';
import { temporaryFolder } from '../nn/temporary-folder';

const RATE = 8000;
const SAMPLES = 320;
const STEPS = 400;

const at = temporaryFolder();
let corpus: PreparedCorpus;
beforeAll(async () => {
  await mkdir(at('source'));
  for (let i = 0; i < 6; i++) {
    await writeWav(at(`source/${i}.wav`), createClip(toneAndGlide(i), RATE));
  }
  await prepareCorpus({
    corpus: 'folder',
    folder: at('source'),
    out: at('corpus'),
    sampleRate: RATE,
    skipSeconds: 0,
    segmentSamples: SAMPLES,
    validationFraction: 0.34,
    workers: 0,
  });
  corpus = await openCorpus(at('corpus'));
});
afterAll(() => corpus.close());

/** A tone and a rising one, at places of their own for each recording. */
function toneAndGlide(recording: number): Float32Array {
  return Float32Array.from(
    { length: SAMPLES },
    (_, i) =>
      0.5 * Math.sin((i + 31 * recording) * (0.05 + 0.02 * recording)) +
      0.3 * Math.sin(i * i * (1e-4 + 2e-5 * recording)),
  );
}

// With gradients that are right end to end, a model learns one batch by heart: encoder, universal weights and
// hypernetwork move together, through the target's samples and the loss.
it.each<[string, TargetOptions, number]>([
  ['NeRF', { kind: 'nerf', encoding: 6, layers: [24, 24] }, 4e-4],
  ['KAN', { kind: 'kan', encoding: 5, layers: [8, 6], grid: 6, order: 3 }, 1e-4],
])(
  'one batch is learnt by heart, to an SI-SNR above 15 dB: a %s',
  async (name, target, learningRate) => {
    using model = new FewSound({
      target,
      samples: SAMPLES,
      encoder: { channels: 4, dimension: 8, strides: [4, 5] },
      hidden: [64, 64],
      universalKernel: 9,
      warmupEpochs: 1,
      seed: 5,
    });
    const { length } = corpus.train;
    await train(model, corpus, {
      folder: at(name),
      epochs: 1,
      samplesPerEpoch: STEPS * length,
      batchSize: length,
      learningRate,
      maxGradientNorm: 1,
      loss: { fftSizes: [128, 64], mels: 16 },
      augmentation: { randomStart: false, phaseMangle: 0, dequantize: false },
      validationLimit: 1,
      threads: 1,
    });
    expect(length).toBe(4);
    for (let i = 0; i < length; i++) {
      const recording = peakNormalize(await corpus.train.read(i));
      const reconstruction = scope(() =>
        noGrad(() =>
          Float32Array.from(
            model.forward(tensor(recording, { shape: [1, SAMPLES] })).data() as Float32Array,
          ),
        ),
      );
      const { siSnr } = await evaluate(recording, reconstruction, { sampleRate: RATE });
      expect(siSnr).toBeGreaterThan(15);
    }
  },
);
