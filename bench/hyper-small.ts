import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadClip } from '../lib/audio/index.js';
import { openCorpus, type PreparedCorpus, prepareCorpus } from '../lib/data/index.js';
import { FewSound, type HyperNetworkOptions, HyperSound } from '../lib/nn/index.js';
import { packageRoot } from '../lib/setup/libtorch.js';
import { type MetricsRecord, readMetricsLog, train } from '../lib/train/index.js';
import { jumpAtJoints } from './hyper-small-joints.js';
import { linePicture } from './line-picture.js';
import { machine } from './measure.js';

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

const SHARED = {
  encoder: { channels: 8, strides: [4, 2], dimension: 8 },
  hidden: [512, 512],
  samples: SAMPLES,
  seed: 1,
};

/** The same budget for all: updates, batches, crops, schedule, seed. */
const MODELS: Readonly<Record<string, (options: HyperNetworkOptions) => FewSound | HyperSound>> = {
  fewsound: (options) =>
    new FewSound({ ...options, ...SHARED, universalKernel: 401, warmupEpochs: 5 }),
  hypersound: (options) => new HyperSound({ ...options, ...SHARED }),
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

/**
 * A small FewSound and a small HyperSound, KAN and NeRF targets, trained with the same budget on
 * real recordings: the means over the validation part at the end, and the curves beside them.
 *
 * @param folder of recordings in subfolders; default: the shared ones
 */
export async function hyperSmall({ steps }: { steps: number }, folder?: string) {
  const work = await mkdtemp(join(tmpdir(), 'fewsound-bench-'));
  try {
    const corpus = await smallCorpus(work, folder);
    const epochs = Math.max(1, Math.round(steps / STEPS_PER_EPOCH));
    const sentence = await loadClip(await lastRecording(work), { sampleRate: SAMPLE_RATE });
    const runs: Record<string, unknown> = {};
    const curves: Record<string, Awaited<ReturnType<typeof readMetricsLog>>> = {};
    for (const [kind, options] of Object.entries(TARGETS)) {
      // Side by side, on a thread each.
      await Promise.all(
        Object.entries(MODELS).map(async ([name, make]) => {
          const run = `${name}-${kind}`;
          using model = make(options);
          const result = await train(model, corpus, {
            folder: join(work, run),
            epochs,
            samplesPerEpoch: STEPS_PER_EPOCH * BATCH,
            batchSize: BATCH,
            learningRate: 1e-3,
            // The waveform alone: the mel loss takes any phase.
            loss: { time: 1, mel: 0, fftSizes: [256], mels: 40 },
            maxGradientNorm: 1,
            maxUpdate: 0,
            augmentation: { phaseMangle: 0.5 },
            validateEvery: Math.max(1, Math.round(epochs / 50)),
            validationLimit: 256,
            threads: 1,
            onValidation: ({ step, loss, metrics }) =>
              console.error(run, step, loss.toFixed(4), metrics.siSnr?.toFixed(2)),
          });
          curves[run] = await readMetricsLog(result.files.metrics);
          runs[run] = {
            parameters: model.parameterCount,
            written: model.writtenLayout().reduce((sum, { shape }) => sum + size(shape), 0),
            steps: result.steps,
            seconds: result.seconds,
            loss: result.validation?.loss,
            ...result.validation?.metrics,
            jumpAtJoints: await jumpAtJoints(model, sentence),
          };
        }),
      );
    }
    const picture = join(packageRoot(), 'bench', 'results', 'hyper-small.svg');
    await writeFile(picture, await validationCurves(curves));
    return {
      benchmark: 'hyper-small',
      segments: { training: corpus.train.length, validation: corpus.validation.length },
      sampleRate: SAMPLE_RATE,
      samples: SAMPLES,
      batch: BATCH,
      epochs,
      ...machine(),
      runs,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
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
  const root = join(packageRoot(), '..', 'shared', 'data');
  for (const [source, speakerOf] of Object.entries(SOURCES)) {
    const from = join(root, source);
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
function validationCurves(runs: Readonly<Record<string, readonly MetricsRecord[]>>) {
  const values = Object.entries(runs).flatMap(([run, records]) =>
    records.flatMap((record) =>
      record.kind === 'validation' ? [{ run, step: record.step, loss: record.loss }] : [],
    ),
  );
  const horizontal = { field: 'step', title: 'updates' };
  return linePicture(values, horizontal, { field: 'loss', title: 'validation loss', log: true });
}
