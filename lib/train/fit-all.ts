import { addon } from '../addon/addon.js';
import type { FitReport } from '../addon/models.js';
import { requireClip } from '../audio/clip.js';
import type { Clip } from '../audio/index.js';
import { FewSoundError, throwIfAborted } from '../errors.js';
import { type Inr, KAN } from '../nn/index.js';
import { callback, defined, optionsObject, parseOptions, wholeNumber } from '../options.js';
import {
  ConstantOutputWatch,
  type FitOptions,
  type ResolvedFit,
  refuseOptions,
  requireNetwork,
  resolveFitOptions,
} from './fit-options.js';
import { createFitter, runFitter } from './fitter.js';
import { whileNoOtherTrains } from './trainer.js';

/** What one clip of `fitAll` came to. */
export interface FittedClip {
  /** Its place among the clips. */
  readonly index: number;
  readonly network: Inr;
  /** The loss before the last update. */
  readonly loss: number;
  /** The loss before each step, [steps]. */
  readonly losses: Float64Array;
  /** SI-SNR before the last update, dB; null where undefined, as for silence. */
  readonly siSnr: number | null;
}

/** Where a fit of many clips is. */
export interface FitAllProgress {
  /** Clips that are done. */
  readonly fitted: number;
  readonly clips: number;
  /** Steps done of those that learn now, from 1. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the clips that learn now. */
  readonly loss: number;
  readonly secondsElapsed: number;
  /** Estimate. */
  readonly secondsLeft: number;
}

/** Options of `fitAll`. */
export interface FitAllOptions
  extends Omit<
    FitOptions,
    'earlyStop' | 'estimates' | 'checkpoint' | 'resume' | 'stop' | 'onProgress'
  > {
  /**
   * Makes the network for a clip. Default: `new KAN()`. Called for all clips before the first step.
   */
  network?: (index: number, clip: Clip) => Inr;
  /**
   * Clips that learn in one loop, 1 to 4096. Default: 128 on a GPU, on a CPU one for each thread.
   */
  together?: number;
  onProgress?: (progress: FitAllProgress) => void;
  /** Told of every clip as it is done: what it is told is not lost when a later one fails. */
  onFitted?: (clip: FittedClip) => void;
}

const ownSchema = optionsObject({
  together: wholeNumber(1, 4096).optional(),
  network: callback<NonNullable<FitAllOptions['network']>>().optional(),
  onProgress: callback<NonNullable<FitAllOptions['onProgress']>>().optional(),
  onFitted: callback<NonNullable<FitAllOptions['onFitted']>>().optional(),
});

interface Task {
  readonly index: number;
  readonly clip: Clip;
  readonly network: Inr;
  readonly options: ResolvedFit;
}

/**
 * Fits many recordings, each by a network of its own, those of one length and rate in one loop:
 * every operation of a step works on all their weights at once, which is what fills a GPU (the 110
 * speakers of paper 1's Table 1), and on a CPU leaves the threads alone with a network each. Each
 * network learns what `fit` would have taught it alone, up to the rounding of float32. Networks
 * that learn their frequencies take turns instead.
 *
 * @returns one entry for each clip, in their order; the networks are the caller's to dispose of
 * @throws FewSoundError what {@link fit} throws; networks that were not handed to `onFitted` are
 *   disposed of
 */
export async function fitAll(
  clips: readonly Clip[],
  options: FitAllOptions = {},
): Promise<FittedClip[]> {
  requireClips(clips);
  const { network: create = () => new KAN(), together, onProgress, onFitted, ...rest } = options;
  parseOptions(
    ownSchema,
    defined({ network: options.network, together, onProgress, onFitted }),
    'fitAll options',
  );
  refuseOptions('fitAll', rest, ['earlyStop', 'estimates', 'checkpoint', 'resume', 'stop']);
  const owned = new Set<Inr>();
  try {
    const tasks = clips.map((clip, index): Task => {
      const network = create(index, clip);
      requireNetwork(network);
      if (owned.has(network)) throw sharedNetwork(index);
      owned.add(network);
      return { index, clip, network, options: resolveFitOptions(network, clip, rest) };
    });
    const fitted: FittedClip[] = [];
    const course = new Course(tasks, onProgress);
    for (const group of groupsOf(tasks, together)) {
      for (const clip of await fitGroup(group, course)) {
        fitted[clip.index] = clip;
        if (onFitted === undefined) continue;
        owned.delete(clip.network);
        onFitted(clip);
      }
    }
    return fitted;
  } catch (error) {
    for (const network of owned) network.dispose();
    throw error;
  }
}

/** Reports of several loops, one after the other, as one course. */
class Course {
  readonly #tasks: readonly Task[];
  readonly #onProgress: FitAllOptions['onProgress'];
  readonly #start = performance.now();
  fitted = 0;

  constructor(tasks: readonly Task[], onProgress: FitAllOptions['onProgress']) {
    this.#tasks = tasks;
    this.#onProgress = onProgress;
  }

  report({ step, losses }: FitReport, { steps }: ResolvedFit): void {
    const secondsElapsed = (performance.now() - this.#start) / 1000;
    const done = this.fitted + losses.length * (step / steps);
    this.#onProgress?.({
      fitted: this.fitted + (step === steps ? losses.length : 0),
      clips: this.#tasks.length,
      step,
      steps,
      loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      secondsElapsed,
      secondsLeft: (secondsElapsed / done) * (this.#tasks.length - done),
    });
  }
}

/** Tasks that can learn in one loop, in order of their first. */
function groupsOf(tasks: readonly Task[], together: number | undefined): Task[][] {
  const alike = new Map<string, Task[]>();
  for (const task of tasks) {
    const { network, clip, index } = task;
    const stacks = network.weightLayout().length === network.parameters().size;
    const architecture = { ...network.options, seed: null };
    const key = stacks
      ? JSON.stringify([network.kind, architecture, clip.length, clip.sampleRate])
      : String(index);
    alike.set(key, [...(alike.get(key) ?? []), task]);
  }
  return [...alike.values()].flatMap((all) => {
    const { network, options } = all[0] as Task;
    const onCpu = options.threads ?? addon().threads();
    const most = together ?? (network.device === 'cpu' ? onCpu : 128);
    return Array.from({ length: Math.ceil(all.length / most) }, (_, i) =>
      all.slice(i * most, (i + 1) * most),
    );
  });
}

async function fitGroup(group: readonly Task[], course: Course): Promise<FittedClip[]> {
  const networks = group.map(({ network }) => network);
  const clips = group.map(({ clip }) => clip);
  const { options } = group[0] as Task;
  const work = async () => {
    throwIfAborted(options.signal, `the fit was aborted with ${course.fitted} clip(s) done.`);
    using fitter = createFitter(networks, clips, options);
    const watch = new ConstantOutputWatch(
      options,
      group.map(({ index }) => index),
    );
    const { reason, last } = await runFitter(fitter, options.steps, [options.signal], (report) => {
      watch.look(report);
      course.report(report, options);
    });
    if (reason === 'aborted')
      throwIfAborted(options.signal, `the fit was aborted with ${course.fitted} clip(s) done.`);
    const { losses } = addon().fitFacts(fitter.handle);
    course.fitted += group.length;
    return group.map(({ index, network, clip }, i) => {
      network.clip = { sampleRate: clip.sampleRate, samples: clip.length };
      const own = Float64Array.from(
        { length: losses.length / group.length },
        (_, step) => losses[step * group.length + i] as number,
      );
      return {
        index,
        network,
        loss: own.at(-1) as number,
        losses: own,
        siSnr: last?.siSnr[i] ?? null,
      };
    });
  };
  return whileNoOtherTrains('fitAll', networks, work, 'network');
}

function requireClips(clips: readonly Clip[]): void {
  if (!Array.isArray(clips) || clips.length === 0) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'fitAll: there are no clips; give an array of one or more, made by loadClip or createClip.',
      { field: 'clips' },
    );
  }
  for (const clip of clips) requireClip(clip, 'fit');
}

function sharedNetwork(index: number): FewSoundError {
  return new FewSoundError(
    'INVALID_ARGUMENT',
    `fitAll: the network for clip ${index} is that of another clip; make a new one for each.`,
    { field: 'network' },
  );
}
