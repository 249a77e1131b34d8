import { LabeledClips, listClasses } from '../../lib/data';
import { SegmentalCnn, type WaveformClassifier, type WaveformCnnOptions } from '../../lib/nn';
import { type MetricsRecord, readMetricsLog, runFiles } from '../../lib/train';
import { writeClassFolders } from '../data/made-up-classes';
import { RATE } from '../data/made-up-corpus';

/** Clips of three pitches, 20 each: 36 to learn from, 12 for validation, 12 for test. */
export async function smallClips(folder: string): Promise<LabeledClips> {
  await writeClassFolders(folder);
  return LabeledClips.load(await listClasses({ kind: 'folders', folder }), {
    sampleRate: RATE,
    samples: 640,
    margin: 16,
  });
}

/** A model that takes a step in a few milliseconds. classifier-process.cjs has the same. */
export const smallModelOptions = {
  classes: 3,
  samples: 640,
  layers: [
    { kernels: [30], filters: 6, stride: 5, pooling: 4 },
    { kernels: [5], filters: 6, pooling: 4 },
  ],
  hidden: 12,
  dropout: 0.25,
  seed: 5,
} as const satisfies WaveformCnnOptions;

export const smallModel = (more: WaveformCnnOptions = {}): WaveformClassifier =>
  new SegmentalCnn({ ...smallModelOptions, ...more });

/** Four epochs of three steps. */
export const smallTraining = {
  epochs: 4,
  batchSize: 12,
  learningRate: 3e-3,
  shift: 16,
  threads: 1,
  seed: 2,
} as const;

/** The log but for the clock. */
export async function timelessLog(folder: string): Promise<object[]> {
  const records: MetricsRecord[] = await readMetricsLog(runFiles(folder).metrics);
  return records.map((record) => {
    const {
      seconds: _,
      samplesPerSecond: __,
      ...rest
    } = record as unknown as Record<string, unknown>;
    return rest;
  });
}
