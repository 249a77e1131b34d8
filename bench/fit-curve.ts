import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Clip, loadClip } from '../lib/audio/index.js';
import { evaluate } from '../lib/metrics/index.js';
import { createInr, type Inr, inrKinds } from '../lib/nn/index.js';
import { kindName } from '../lib/report/text-table.js';
import { packageRoot } from '../lib/setup/libtorch.js';
import { type FitOptions, type FitProgress, fit } from '../lib/train/index.js';
import { applyRecipe, recipesOf } from '../lib/train/recipes.js';
import { linePicture } from './line-picture.js';
import { machine } from './measure.js';
import { bundledRecording } from './recordings.js';

/** dB. */
const TARGETS = [10, 15, 20] as const;
const SEED = 1;
/** Networks are listened to after this many seconds, and then each time after so many times more. */
const FIRST = 0.5;
const FACTOR = 1.3;
/** Those of our own that take one network to a fixed number of steps. */
const RECIPES = ['quick', 'best'] as const;

interface Limits {
  readonly threads: number;
  /** For each network; Infinity stands for a minute. */
  readonly seconds: number;
}

/** A moment of a fit. */
interface Point {
  /** Of the fit's own steps. */
  readonly seconds: number;
  readonly step: number;
  /** dB. */
  readonly siSnr: number | null;
  readonly pesq: number | null;
}

/** Where a network was first seen at a target. */
type Reached = Pick<Point, 'seconds' | 'step'>;

interface Subject {
  readonly network: Inr;
  readonly options: FitOptions;
}

/**
 * How a recording sounds after so many seconds of every network, as the paper has it, and of those
 * that have recipes of ours by these: SI-SNR and PESQ, and when SI-SNR reached a target. One run of
 * each with one seed, one after the other, stopped and resumed to be listened to (the time for that
 * is not counted). Networks stop after `seconds`, recipes at their end. The picture is
 * docs/images/fit-curve.svg.
 *
 * @param recording default: the bundled audio-lena
 */
export async function fitCurve(
  { threads, seconds: asked }: Limits,
  recording = bundledRecording(),
) {
  const seconds = Number.isFinite(asked) ? asked : 60;
  const clip = await loadClip(recording, { sampleRate: 22_050, samples: 32_768, offset: 0.5 });
  const curves: Record<string, Awaited<ReturnType<typeof curveOf>>> = {};
  for (const kind of inrKinds) {
    const network = createInr(kind, kind === 'kan' ? { order: 2, seed: SEED } : { seed: SEED });
    const options = { threads, steps: 100_000 };
    curves[kind] = await curveOf(kind, clip, { network, options }, seconds);
  }
  for (const kind of inrKinds) {
    for (const recipe of RECIPES.filter((name) => recipesOf(kind).includes(name))) {
      const chosen = { kind, recipe, network: { seed: SEED }, threads };
      const { networks, fit: own } = applyRecipe(chosen, clip);
      const subject = { network: createInr(kind, networks[0]), options: own };
      const name = `${kindName(kind)}, ${recipe}`;
      curves[name] = await curveOf(name, clip, subject, Number.POSITIVE_INFINITY);
    }
  }
  const values = Object.entries(curves).flatMap(([run, { points }]) =>
    points.map((point) => ({ run: kindName(run), ...point })),
  );
  const picture = join(packageRoot(), 'docs', 'images', 'fit-curve.svg');
  const horizontal = { field: 'seconds', title: 'seconds on two cores', log: true };
  await writeFile(
    picture,
    await linePicture(
      values,
      horizontal,
      { field: 'siSnr', title: 'SI-SNR (dB)', range: [-10, 50] },
      { field: 'pesq', title: 'PESQ', range: [1, 4.64] },
    ),
  );
  return {
    benchmark: 'fit-curve',
    recording: basename(recording),
    ...machine(),
    threads,
    limits: { seconds },
    seeds: [SEED],
    runs: 1,
    curves,
  };
}

async function curveOf(name: string, clip: Clip, { network, options }: Subject, most: number) {
  const folder = await mkdtemp(join(tmpdir(), 'fit-curve-'));
  const path = join(folder, 'checkpoint.safetensors');
  const points: Point[] = [];
  const reached = new Map<number, Reached>();
  let seconds = 0;
  try {
    for (let ended = false, mark = FIRST; !ended; mark *= FACTOR) {
      const stop = new AbortController();
      let last: FitProgress | undefined;
      const onProgress = (progress: FitProgress) => {
        last = progress;
        const now = seconds + progress.secondsElapsed;
        for (const target of TARGETS) {
          if ((progress.siSnr ?? Number.NEGATIVE_INFINITY) >= target && !reached.has(target)) {
            reached.set(target, { seconds: now, step: progress.step });
          }
        }
        if (now >= Math.min(mark, most)) stop.abort();
      };
      const { signal } = stop;
      const resume = points.length > 0 ? { resume: path } : {};
      const whole = { ...options, ...resume, checkpoint: { path }, signal, onProgress };
      ended = await fit(network, clip, whole).then(
        () => true,
        (error) => {
          if (!signal.aborted) throw error;
          return false;
        },
      );
      if (last === undefined) break;
      seconds += last.secondsElapsed;
      const { siSnr, pesq } = await evaluate(clip, network.render(clip.length), {
        metrics: ['siSnr', 'pesq'],
      });
      points.push({ seconds, step: last.step, siSnr, pesq });
      ended ||= seconds >= most;
      if (ended) console.error(`${name}: ${JSON.stringify(points.at(-1))}`);
    }
  } finally {
    network.dispose();
    await rm(folder, { recursive: true });
  }
  return {
    points,
    reached: Object.fromEntries(
      TARGETS.map((target) => [`${target} dB`, reached.get(target) ?? null]),
    ),
  };
}
