import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareCorpus } from '../../lib/data';
import { RATE, tone, wav, writeCorpus, writeFiles } from '../data/made-up-corpus';

export { RATE };

/** A model that learns in milliseconds. */
export const TINY_MODEL = {
  kind: 'fewsound',
  target: { kind: 'nerf', encoding: 3, layers: [8, 8] },
  samples: 1024,
  encoder: { channels: 2, dimension: 2, strides: [4, 8] },
  hidden: [16, 8],
  universalKernel: 11,
  warmupEpochs: 2,
  seed: 1,
} as const;

/** An encoder for the weights of test/nn/whisper-weights. */
export const TINY_WHISPER = {
  kind: 'whisper',
  mels: 5,
  channels: 6,
  layers: 2,
  headWidth: 2,
  sampleRate: RATE,
  seconds: 0,
  width: 4,
} as const;

/** Four epochs of four updates. */
export const TINY_TRAINING = {
  epochs: 4,
  samplesPerEpoch: 16,
  batchSize: 4,
  learningRate: 1e-4,
  threads: 1,
  loss: { fftSizes: [256, 128] },
  validationLimit: 3,
} as const;

/** A folder with a prepared corpus, and configurations for it. */
export class TrainingPlace {
  #count = 0;

  private constructor(
    readonly folder: string,
    /** Folder of a prepared corpus: segments of 2000 samples at RATE. */
    readonly corpus: string,
    /** A recording of a little over a second at RATE. */
    readonly recording: string,
  ) {}

  static async make(): Promise<TrainingPlace> {
    const folder = await mkdtemp(join(tmpdir(), 'fewsound-train-'));
    const [audio, corpus] = [join(folder, 'audio'), join(folder, 'corpus')];
    await writeCorpus('folder', audio);
    await prepareCorpus({
      corpus: 'folder',
      folder: audio,
      out: corpus,
      sampleRate: RATE,
      skipSeconds: 0.25,
      segmentSamples: 2000,
      validationFraction: 0.05,
      workers: 0,
    });
    await writeFiles(folder, { 'recording.wav': wav(tone(5, 9000)) });
    return new TrainingPlace(folder, corpus, join(folder, 'recording.wav'));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  /** A path that is not taken. */
  fresh(): string {
    return join(this.folder, `out-${this.#count++}`);
  }

  /** Writes a configuration: the tiny one with some parts replaced, or any text. */
  async config(parts: Readonly<Record<string, unknown>> | string = {}): Promise<string> {
    const path = join(this.folder, `config-${this.#count++}.json`);
    const whole = {
      name: 'tiny',
      model: TINY_MODEL,
      corpus: { prepared: this.corpus },
      training: TINY_TRAINING,
    };
    const contents =
      typeof parts === 'string' ? parts : JSON.stringify({ ...whole, ...parts }, null, 2);
    await writeFile(path, contents);
    return path;
  }

  /** Command line of a training that has not begun; its folder is `out`. */
  async argv(out: string, parts: Readonly<Record<string, unknown>> = {}): Promise<string[]> {
    return ['train', await this.config(parts), '--out', out, '--device', 'cpu'];
  }
}
