import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../files.js';
import type { WaveformClassifier } from '../nn/index.js';
import { writeSafetensors } from '../tensor/index.js';
import type { EpochWeights } from './train-classifier-options.js';

/** The file with the weights after an epoch; epoch 0: before training. */
function epochFile(folder: string, epoch: number): string {
  return join(folder, `epoch-${String(epoch).padStart(4, '0')}.safetensors`);
}

/** Weights after an epoch that were kept. */
export interface KeptEpoch {
  readonly epoch: number;
  readonly path: string;
}

/**
 * The weights that are kept in a folder, in the order of the epochs; none where there is no such
 * folder.
 */
export async function keptEpochs(folder: string): Promise<KeptEpoch[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .flatMap((name) => {
      const number = /^epoch-(\d+)\.safetensors$/.exec(name)?.[1];
      return number === undefined ? [] : [{ epoch: Number(number), path: join(folder, name) }];
    })
    .sort((a, b) => a.epoch - b.epoch);
}

/**
 * Writes the weights after an epoch to a file of their own, for analyses of how they change.
 *
 * @throws FewSoundError IO
 */
export async function keepEpochWeights(
  folder: string,
  model: WaveformClassifier,
  epoch: number,
  which: EpochWeights,
): Promise<void> {
  if (which === 'none') return;
  await makeFolder(folder, { field: 'folder' });
  // A convolution's weight is [out, in, width].
  const kept = [...model.stateDict()].filter(
    ([, { shape }]) => which === 'all' || shape.length === 3,
  );
  const rate = model.input?.sampleRate;
  await writeSafetensors(epochFile(folder, epoch), new Map(kept), {
    kind: model.kind,
    epoch: String(epoch),
    ...(rate !== undefined && { sampleRate: String(rate) }),
  });
}
