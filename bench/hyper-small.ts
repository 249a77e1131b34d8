import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadClip } from '../lib/audio/index.js';
import { openCorpus, type PreparedCorpus, prepareCorpus } from '../lib/data/index.js';
import { FewSound, HyperSound, type TargetOptions } from '../lib/nn/index.js';
import { packageRoot } from '../lib/setup/libtorch.js';
import { type MetricsRecord, readMetricsLog, train } from '../lib/train/index.js';
import { jumpAtJoints } from './hyper-small-joints.js';
import { linePicture } from './line-picture.js';
import { machine } from './measure.js';

// Small enough for a laptop: an eighth of a second, a code of a quarter of its samples, and a
// target of a little more weights than samples.
const SAMPLE_RATE = 8000;
const SAMPLES = 1024;
/** Crops begin anywhere in a segment. */
const SEGMENT_SAMPLES = 4096;
const BATCH = 32;
const STEPS_PER_EPOCH = 100;

const TARGETS: Readonly<Record<string, TargetOptions>> = {
  nerf: { kind: 'nerf', encoding: 8, layers: [32, 32] },
  kan: { kind: 'kan', encoding: 7, layers: [12, 6], grid: 6, order: 3 },
};

const SHARED = {
  encoder: { channels: 8, dimension: 64 },
  hidden: [256, 256, 256],
  samples: SAMPLES,
  seed: 1,
};

/** The same budget for all: updates, batches, crops, schedule, seed. */
const MODELS: Readonly<Record<string, (target: TargetOptions) => FewSound | HyperSound>> = {
  fewsound: (target) => new FewSound({ target, ...SHARED, universalKernel: 101, warmupEpochs: 5 }),
  hypersound: (target) => new HyperSound({ target, ...SHARED }),
};

/** Parts of the shared recordings: English read aloud, and spoken digits. */
const SOURCES = ['ljspeech/wavs', 'vctk16k', 'vctk_speakers', 'fsdd'];

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
    for (const [kind, target] of Object.entries(TARGETS)) {
      // Side by side, on a thread each.
      await Promise.all(
        Object.entries(MODELS).map(async ([name, make]) => {
          const run = `${name}-${kind}`;
          using model = make(target);
          const result = await train(model, corpus, {
            folder: join(work, run),
            epochs,
            samplesPerEpoch: STEPS_PER_EPOCH * BATCH,
            batchSize: BATCH,
            learningRate: 1e-3,
            loss: { fftSizes: [512, 256, 128], mels: 64 },
            maxGradientNorm: 1,
            validateEvery: Math.max(1, Math.round(epochs / 50)),
            validationLimit: 128,
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

async function smallCorpus(work: string, folder?: string): Promise<PreparedCorpus> {
  const root = folder ?? join(packageRoot(), '..', 'shared', 'data');
  const sources = folder === undefined ? SOURCES.map((name) => join(root, name)) : [folder];
  const missing = sources.find((source) => !existsSync(source));
  if (missing !== undefined) throw new Error(`${missing} does not exist; give a folder of audio`);
  const audio = join(work, 'audio');
  await mkdir(audio);
  for (const source of sources) {
    await cp(source, join(audio, basename(source)), { recursive: true });
  }
  const out = join(work, 'corpus');
  await prepareCorpus({
    corpus: 'folder',
    folder: audio,
    out,
    sampleRate: SAMPLE_RATE,
    skipSeconds: 0,
    segmentSamples: SEGMENT_SAMPLES,
    short: 'pad',
  });
  return openCorpus(out);
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
