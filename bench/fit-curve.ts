import { basename, join } from 'node:path';
import { type Clip, loadClip } from '../lib/audio/index.js';
import { createInr, type InrKind, inrKinds } from '../lib/nn/index.js';
import { packageRoot } from '../lib/setup/libtorch.js';
import { type FitProgress, fit } from '../lib/train/index.js';
import { machine } from './measure.js';

/** dB. */
const TARGETS = [10, 15, 20] as const;
const HIGHEST = Math.max(...TARGETS);
const SEED = 1;
/** Between two lines of progress, seconds. */
const INTERVAL = 5;

interface Limits {
  readonly threads: number;
  readonly steps: number;
  /** For each network; Infinity for no limit. */
  readonly seconds: number;
}

/**
 * Where a network was first seen at a target: progress comes every 50 ms or after a longer step.
 */
interface Reached {
  readonly seconds: number;
  readonly step: number;
}

/**
 * Seconds and steps until a reconstruction reaches an SI-SNR, for every network; null where it
 * never did. One run of each with one seed, one after the other. A network stops at the highest
 * target or at a limit.
 *
 * @param recording default: the bundled audio-lena
 */
export async function fitCurve(
  { threads, steps, seconds }: Limits,
  recording = bundledRecording(),
) {
  const clip = await loadClip(recording, { sampleRate: 22_050, samples: 32_768, offset: 0.5 });
  const networks: Record<string, unknown> = {};
  for (const kind of inrKinds) {
    networks[kind] = await curveOf(kind, clip, { threads, steps, seconds });
  }
  return {
    benchmark: 'fit-curve',
    recording: basename(recording),
    ...machine(),
    threads,
    limits: { steps, seconds: Number.isFinite(seconds) ? seconds : null },
    seeds: [SEED],
    runs: 1,
    networks,
  };
}

function bundledRecording(): string {
  return join(packageRoot(), 'node_modules', 'audio-lena', 'lena.wav');
}

async function curveOf(kind: InrKind, clip: Clip, { threads, steps, seconds }: Limits) {
  const network = createInr(kind, kind === 'kan' ? { order: 2, seed: SEED } : { seed: SEED });
  const reached = new Map<number, Reached>();
  const outOfTime = new AbortController();
  let told = Number.NEGATIVE_INFINITY;
  let last: FitProgress | undefined;
  const onProgress = (progress: FitProgress) => {
    last = progress;
    const { step, siSnr, secondsElapsed } = progress;
    for (const target of TARGETS) {
      if ((siSnr ?? Number.NEGATIVE_INFINITY) >= target && !reached.has(target)) {
        reached.set(target, { seconds: secondsElapsed, step });
      }
    }
    if (secondsElapsed - told >= INTERVAL) {
      told = secondsElapsed;
      console.error(`${kind}: ${describe(progress)}`);
    }
    if (secondsElapsed >= seconds) outOfTime.abort();
  };
  try {
    await fit(network, clip, {
      steps,
      threads,
      earlyStop: { siSnr: HIGHEST },
      signal: outOfTime.signal,
      onProgress,
    });
  } catch (error) {
    if (!outOfTime.signal.aborted) throw error;
  } finally {
    network.dispose();
  }
  if (last === undefined) throw new Error(`${kind} made no step`);
  console.error(`${kind}: stopped at ${describe(last)}`);
  return {
    steps: last.step,
    secondsPerStep: last.secondsElapsed / last.step,
    siSnr: last.siSnr,
    reached: Object.fromEntries(
      TARGETS.map((target) => [`${target} dB`, reached.get(target) ?? null]),
    ),
  };
}

function describe({ step, siSnr, secondsElapsed }: FitProgress): string {
  return `step ${step}, ${secondsElapsed.toFixed(1)} s, SI-SNR ${siSnr?.toFixed(2) ?? 'undefined'} dB`;
}
