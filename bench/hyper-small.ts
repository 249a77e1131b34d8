import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { loadClip } from '../lib/audio/index.js';
import { openCorpus, type PreparedCorpus, prepareCorpus } from '../lib/data/index.js';
import {
  type EncoderOptions,
  FewSound,
  type HyperNetworkOptions,
  HyperSound,
  loadPosteriorgram,
  loadWhisperWeights,
} from '../lib/nn/index.js';
import { packageRoot } from '../lib/setup/libtorch.js';
import { readMetricsLog, train } from '../lib/train/index.js';
import { jumpAtJoints } from './hyper-small-joints.js';
import { linePicture } from './line-picture.js';
import { machine } from './measure.js';
import { resumableRows } from './resumable-rows.js';

// Small enough for a laptop: a sixteenth of a second and a code of as many numbers as samples.
const SAMPLE_RATE = 8000;
const SAMPLES = 512;
/** Crops begin anywhere in a segment. */
const SEGMENT_SAMPLES = 2048;
const BATCH = 32;
const STEPS_PER_EPOCH = 100;

/**
 * Whole cycles up to 1 kHz: with octaves, which bits of a wave have to be made of, a small model
 * finds no phase at all (results/fewsound.md).
 */
const encodingFrequencies = Array.from({ length: 64 }, (_, i) => i + 1);

const TARGETS: Readonly<Record<string, HyperNetworkOptions>> = {
  nerf: { target: { kind: 'nerf', encodingFrequencies, layers: [8] } },
  // Written too, the few weights of its last layer take all others with them to where it is flat.
  kan: {
    target: { kind: 'kan', encodingFrequencies, layers: [2], grid: 2, order: 2 },
    sharedLayers: [1],
  },
};

type Model = FewSound | HyperSound;

/** An encoder, and weights of others' that it has. */
interface SmallEncoder {
  readonly options: EncoderOptions;
  readonly load?: (model: Model) => Promise<void>;
}

/** Those of the paper's table 5, as small as the target. */
const ENCODERS: Readonly<Record<string, SmallEncoder>> = {
  soundstream: { options: { channels: 8, strides: [4, 2], dimension: 8 } },
  snac: {
    options: { kind: 'snac', channels: 8, strides: [4, 2], headWidth: 16, width: SAMPLES },
  },
  spectral: {
    options: {
      kind: 'spectral',
      hidden: 128,
      width: SAMPLES,
      sampleRate: SAMPLE_RATE,
      posteriorgram: 'frozen',
      posteriorgramHidden: 128,
      posteriorgramWindow: 256,
      pitch: false, // of which a sixteenth of a second says too little to be measured
    },
    load: (model) =>
      loadPosteriorgram(model, shared('voicebox', 'causal_ppg_128_hidden_128_hop.pt')),
  },
  // tiny.en; 30 seconds of silence around a sixteenth of sound would take minutes an update.
  whisper: {
    options: { kind: 'whisper', sampleRate: SAMPLE_RATE, seconds: 0, width: SAMPLES },
    load: (model) => loadWhisperWeights(model, shared('whisper', 'tiny.en-encoder.safetensors')),
  },
};

const SIZE = { hidden: [512, 512], samples: SAMPLES, seed: 1 };

/** The same budget for all: updates, batches, crops, schedule, seed. */
const MODELS: Readonly<Record<string, (options: HyperNetworkOptions) => Model>> = {
  // The paper's warm-up is a fiftieth of its training: of this one, less than an epoch.
  fewsound: (options) =>
    new FewSound({ ...options, ...SIZE, universalKernel: 401, warmupEpochs: 0 }),
  hypersound: (options) => new HyperSound({ ...options, ...SIZE }),
};

/** Parts of the shared recordings, English read aloud and spoken digits, and who speaks in them. */
const SOURCES: Readonly<Record<string, (name: string) => string>> = {
  'ljspeech/wavs': () => 'lj',
  vctk16k: (name) => name.slice(0, 4),
  vctk_speakers: (name) => name.slice(0, 4),
  fsdd: (name) => name.split('_')[1] as string,
};

/** Speakers for validation. */
const HELD_OUT = new Set(['yweweler', 'p227', 'p257', 'p292']);

interface Settings {
  readonly steps: number;
  readonly threads: number;
  /** A kind, or 'all'. */
  readonly encoder: string;
  /** Weight of the mel loss beside the waveform's. */
  readonly mel: number;
}

interface Wanted {
  readonly run: string;
  readonly steps: number;
  readonly mel: number;
}

/** What a training came to: metrics of the last validation, curves in `log`. */
interface Row extends Wanted {
  readonly parameters: number;
  readonly fixed: number;
  readonly written: number;
  readonly secondsPerUpdate: number;
  readonly loss?: number;
  readonly metrics?: Readonly<Record<string, number | null>>;
  readonly jumpAtJoints: number;
  readonly log: string;
}

/**
 * A small FewSound and a small HyperSound, KAN and NeRF targets, any encoder, trained with the same
 * budget on real recordings: the means over the validation part at the end, and the curves beside
 * them. Resumable: corpus and trainings are kept in fewsound-out/hyper-small.
 *
 * @param given beginnings of names of runs, MODEL-TARGET-ENCODER (default: all), and a folder of
 *   recordings in subfolders (default: the shared ones)
 */
export async function hyperSmall(settings: Settings, ...given: readonly string[]) {
  const { steps, mel } = settings;
  const isRun = (name: string) => Object.keys(MODELS).some((model) => name.startsWith(model));
  const work = resolve('fewsound-out', 'hyper-small');
  const corpus = await smallCorpus(
    work,
    given.find((name) => !isRun(name)),
  );
  const sentence = await loadClip(await lastRecording(work), { sampleRate: SAMPLE_RATE });
  const rows: Row[] = [];
  const take = resumableRows<Wanted, Row>('hyper-small', rows, (row) =>
    JSON.stringify([row.run, row.steps, row.mel]),
  );
  const epochs = Math.max(1, Math.round(steps / STEPS_PER_EPOCH));
  for (const { run, make } of runsOf(settings.encoder, given.filter(isRun))) {
    await take({ run, steps, mel }, async () => {
      using model = await make();
      const folder = join(work, `${run}-${steps}-${mel}`);
      const result = await train(model, corpus, {
        folder,
        resume: existsSync(join(folder, 'checkpoints', 'last.safetensors')),
        epochs,
        samplesPerEpoch: STEPS_PER_EPOCH * BATCH,
        batchSize: BATCH,
        learningRate: 1e-3,
        // By itself the mel loss takes any phase.
        loss: { time: 1, mel, fftSizes: [256], mels: 40 },
        maxGradientNorm: 1,
        maxUpdate: 0,
        augmentation: { phaseMangle: 0.5 },
        validateEvery: Math.max(1, Math.round(epochs / 50)),
        validationLimit: 256,
        threads: settings.threads,
        onValidation: ({ step, loss, metrics }) =>
          console.error(run, step, loss.toFixed(4), metrics.siSnr?.toFixed(2)),
      });
      const learned = model.parameterCount;
      const all = [...model.stateDict().values()].reduce((sum, { size }) => sum + size, 0);
      return {
        parameters: learned,
        fixed: all - learned,
        written: model.writtenLayout().reduce((sum, { shape }) => sum + size(shape), 0),
        secondsPerUpdate: result.seconds / result.steps,
        ...(result.validation && {
          loss: result.validation.loss,
          metrics: result.validation.metrics,
        }),
        jumpAtJoints: await jumpAtJoints(model, sentence),
        log: result.files.metrics,
      };
    });
  }
  const part = settings.encoder === 'soundstream' ? '' : `-${settings.encoder}`;
  const picture = join(packageRoot(), 'bench', 'results', `hyper-small${part}.svg`);
  await writeFile(picture, await validationCurves(rows));
  return {
    benchmark: 'hyper-small',
    segments: { training: corpus.train.length, validation: corpus.validation.length },
    sampleRate: SAMPLE_RATE,
    samples: SAMPLES,
    batch: BATCH,
    epochs,
    ...machine(),
    rows,
  };
}

/** Models with the names that begin as given. */
function runsOf(encoder: string, given: readonly string[]) {
  const encoders = Object.entries(ENCODERS).filter(([kind]) => [kind, 'all'].includes(encoder));
  return encoders.flatMap(([encoder, { options, load }]) =>
    Object.entries(TARGETS).flatMap(([target, targetOptions]) =>
      Object.entries(MODELS).flatMap(([name, construct]) => {
        const run = `${name}-${target}-${encoder}`;
        if (given.length > 0 && !given.some((start) => run.startsWith(start))) return [];
        const make = async () => {
          const model = construct({ ...targetOptions, encoder: options });
          await load?.(model);
          return model;
        };
        return [{ run, make }];
      }),
    ),
  );
}

function shared(...path: readonly string[]): string {
  return join(packageRoot(), '..', 'shared', 'data', ...path);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** A recording to decode from many pieces. */
async function lastRecording(work: string): Promise<string> {
  const audio = join(work, 'audio');
  const names = await readdir(audio, { recursive: true });
  const last = names
    .filter((name) => name.endsWith('.wav'))
    .sort()
    .at(-1);
  if (last === undefined) throw new Error(`${audio} holds no wav file`);
  return join(audio, last);
}

/** The shared recordings by speakers, in the layout of LibriSpeech; or a folder as it is. */
async function smallCorpus(work: string, folder?: string): Promise<PreparedCorpus> {
  const audio = join(work, 'audio');
  await rm(audio, { recursive: true, force: true });
  if (folder !== undefined) await cp(folder, audio, { recursive: true });
  else await sortSpeakers(audio);
  const out = join(work, 'corpus');
  await prepareCorpus({
    corpus: folder === undefined ? 'librispeech' : 'folder',
    ...{ folder: audio, out, sampleRate: SAMPLE_RATE, skipSeconds: 0 },
    ...{ segmentSamples: SEGMENT_SAMPLES, short: 'pad' },
  });
  return openCorpus(out);
}

async function sortSpeakers(audio: string): Promise<void> {
  for (const [source, speakerOf] of Object.entries(SOURCES)) {
    const from = shared(source);
    if (!existsSync(from)) throw new Error(`${from} does not exist; give a folder of audio`);
    for (const path of await readdir(from, { recursive: true })) {
      if (!path.endsWith('.wav')) continue;
      const speaker = speakerOf(basename(path));
      const part = HELD_OUT.has(speaker) ? 'test-other' : 'train-clean-100';
      await mkdir(join(audio, part, speaker), { recursive: true });
      await symlink(join(from, path), join(audio, part, speaker, basename(path)));
    }
  }
}

/** The validation loss of several trainings over their updates, as an SVG picture. */
async function validationCurves(rows: readonly Row[]) {
  const values = [];
  for (const { run, log } of rows) {
    for (const record of await readMetricsLog(log)) {
      if (record.kind === 'validation') values.push({ run, step: record.step, loss: record.loss });
    }
  }
  const horizontal = { field: 'step', title: 'updates' };
  return linePicture(values, horizontal, { field: 'loss', title: 'validation loss', log: true });
}
