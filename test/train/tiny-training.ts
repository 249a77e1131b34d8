import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCorpus, type PreparedCorpus, prepareCorpus } from '../../lib/data';
import { FewSound, type FewSoundOptions, type HyperNetwork } from '../../lib/nn';
import { scope } from '../../lib/tensor';
import { type MetricsRecord, readMetricsLog, runFiles, type TrainOptions } from '../../lib/train';
import { RATE, writeCorpus } from '../data/made-up-corpus';
import { smallEncoders } from '../nn/small-hyper-networks';
import { quickLoss } from './glide';

/** Prepares a corpus of 60 segments for training and 60 for validation of 1000 samples. */
export async function tinyCorpus(source: string, out: string, segmentSamples = 1000) {
  await writeCorpus('folder', source);
  await prepareCorpus({
    corpus: 'folder',
    folder: source,
    out,
    sampleRate: RATE,
    skipSeconds: 0.25,
    segmentSamples,
    validationFraction: 0.5,
    workers: 0,
  });
}

/** The same, prepared below a folder of a test and open. */
export async function openTinyCorpus(folder: string): Promise<PreparedCorpus> {
  await tinyCorpus(join(folder, 'source'), join(folder, 'corpus'));
  return openCorpus(join(folder, 'corpus'));
}

/** Options of a model that takes a step in a few milliseconds. train-process.cjs has the same. */
export const tinyModelOptions = {
  target: { kind: 'nerf', layers: [8, 6], encoding: 4 },
  samples: 320,
  encoder: { channels: 2, dimension: 2, strides: [4, 5] },
  hidden: [10, 8],
  universalKernel: 9,
  warmupEpochs: 2,
  seed: 5,
} as const satisfies FewSoundOptions;

/** An encoder of every kind, for the corpus's rate. */
export const tinyEncoders = {
  ...smallEncoders,
  whisper: { ...smallEncoders.whisper, sampleRate: RATE },
  spectral: { ...smallEncoders.spectral, sampleRate: RATE },
};

export function tinyModel(more: FewSoundOptions = {}): FewSound {
  return new FewSound({ ...tinyModelOptions, ...more });
}

/** Three epochs of three steps. */
export const tinyOptions = {
  epochs: 3,
  samplesPerEpoch: 24,
  batchSize: 8,
  learningRate: 1e-3,
  schedule: 'constant',
  loss: quickLoss,
  threads: 1,
  validationLimit: 6,
  // Those that hear take longer than the training.
  validationMetrics: ['mse', 'siSnr'],
  seed: 2,
} as const satisfies Partial<TrainOptions>;

/** All weights as bytes. */
export function weightsOf(model: HyperNetwork): Map<string, string> {
  return scope(
    () =>
      new Map(
        [...model.parameters()].map(([name, tensor]) => [
          name,
          Buffer.from(tensor.detach().clone().data().buffer).toString('hex'),
        ]),
      ),
  );
}

/** All weights as numbers. */
export function numbersOf(model: HyperNetwork): number[] {
  return scope(() =>
    [...model.parameters().values()].flatMap((tensor) => [
      ...(tensor.detach().data() as Float32Array),
    ]),
  );
}

/** Largest difference of two models' weights, relative to the largest weight. */
export function weightDistance(a: HyperNetwork, b: HyperNetwork): number {
  const [first, second] = [numbersOf(a), numbersOf(b)];
  const largest = Math.max(...second.map(Math.abs));
  return Math.max(...first.map((value, i) => Math.abs(value - (second[i] as number)))) / largest;
}

/** The losses of a log, of steps and of validations in their order. */
export function lossesOf(log: readonly MetricsRecord[]): (number | null)[] {
  return log.flatMap((record) => (record.kind === 'warning' ? [] : [record.loss]));
}

/** The log without what the clock says. */
export async function timelessLog(folder: string): Promise<object[]> {
  const records = await readMetricsLog(runFiles(folder).metrics);
  return records.map((record) => {
    const {
      seconds: _,
      samplesPerSecond: __,
      ...rest
    } = record as MetricsRecord & {
      samplesPerSecond?: number;
    };
    return rest;
  });
}

/** The step that a folder's last checkpoint has. */
export async function checkpointStep(folder: string): Promise<number> {
  const bytes = await readFile(join(folder, 'checkpoints', 'last.safetensors'));
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  return JSON.parse(header.__metadata__.position).step;
}
