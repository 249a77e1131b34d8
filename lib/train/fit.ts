import { types } from 'node:util';
import { addon } from '../addon/addon.js';
import type { FitReport } from '../addon/models.js';
import { requireClip } from '../audio/clip.js';
import type { Clip } from '../audio/index.js';
import { invalidArgument, throwIfAborted } from '../errors.js';
import { requireWritable } from '../files.js';
import { evaluate, siSnr } from '../metrics/index.js';
import { createInr, Inr, type InrByKind, type InrKind } from '../nn/index.js';
import { type Device, scope } from '../tensor/index.js';
import {
  type Checkpoint,
  type FitEnd,
  type Reached,
  readCheckpoint,
  writeCheckpoint,
} from './checkpoint.js';
import {
  ConstantOutputWatch,
  type FitOptions,
  type ResolvedFit,
  requireNetwork,
  resolveFitOptions,
} from './fit-options.js';
import { createFitter, Looks, ProgressReporter, runFitter } from './fitter.js';
import { applyRecipe, type FitFromOptions, fromRecipe, type RecipeOptions } from './recipes.js';
import { openStart } from './start.js';
import { type Trainer, whileNoOtherTrains } from './trainer.js';
import { type Attempt, isTransparent } from './transparent.js';

/** The result of a fit. */
export interface FitResult {
  /** Updates done in all, those before a resumption included. */
  readonly steps: number;
  /** The loss before the last of them. */
  readonly loss: number;
  /** The loss before each step, [steps]. */
  readonly losses: Float64Array;
  /** SI-SNR before the last update, dB; null where undefined, as for silence. */
  readonly siSnr: number | null;
  /** Wall-clock time of the steps, those before a resumption included. */
  readonly seconds: number;
  readonly secondsPerStep: number;
  readonly stoppedBy: FitEnd;
  readonly device: Device;
  /** Threads of the CPU that it ran on. */
  readonly threads: number;
}

/** The result of a fit by a recipe. */
export interface RecipeResult<Kind extends InrKind = 'kan'> extends FitResult {
  /** The network that learned the clip; dispose of it when it is no longer needed. */
  readonly network: InrByKind[Kind];
  /** Of `transparent`: the fits that it took, the last of them this one. */
  readonly attempts?: readonly Attempt[];
}

/** The result of a fit that began from something. */
export interface FitFromResult extends FitResult {
  /** The network that learned the clip; dispose of it when it is no longer needed. */
  readonly network: Inr;
}

/**
 * Trains a network to be a recording: AdamW on the reconstruction loss, all samples in every step
 * (or a share of them), as a compiled loop on a thread of its own. The event loop stays free; the
 * network cannot be used until the promise settles. With the same seed, device and threads the
 * result is the same, bit for bit, also when it was interrupted and resumed.
 *
 * The same training written out, for whoever wants to change it:
 *
 * ```ts
 * const t = timeAxis(clip.length);
 * const target = tensor(clip.samples).unsqueeze(0);
 * const loss = new ReconstructionLoss({ sampleRate: clip.sampleRate });
 * const optimizer = new AdamW(network.parameters(), { learningRate: 5e-3 });
 * for (let step = 0; step < 1000; step++) {
 *   scope(() => {
 *     optimizer.zeroGrad();
 *     const estimate = network.forward(t).reshape([1, clip.length]);
 *     loss.compute(estimate, target).backward();
 *     optimizer.step();
 *   });
 * }
 * ```
 *
 * Everything is checked before anything is changed. Sets `network.clip`.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a bad option, a clip too short for the loss, a
 *   checkpoint of another training, or a network that is being fitted already; DISPOSED;
 *   FILE_NOT_FOUND, FILE_FORMAT and IO about checkpoints; ABORTED by the signal; DIVERGED where the
 *   loss is not finite. What `onProgress` throws ends the fit and is thrown on.
 */
export async function fit(network: Inr, clip: Clip, options?: FitOptions): Promise<FitResult>;
/**
 * Fits a KAN, or a network of another `kind`, to a clip by a recipe: see `recipeFor`. What is given
 * besides takes the place of what the recipe says. `transparent` fits wider networks, one after
 * another, until one is good enough, and returns the last; `steps`, progress and checkpoints are
 * those of each.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown recipe, one that the kind does not have, or
 *   a bad option of the network, and as above
 */
export async function fit<Kind extends InrKind = 'kan'>(
  clip: Clip,
  options?: RecipeOptions<Kind>,
): Promise<RecipeResult<Kind>>;
/**
 * Fits the network that `from` gives for a clip: the one that a FewSound or HyperSound model writes
 * for it, or a copy of one that is there. What was given stays as it is.
 *
 * @throws FewSoundError INVALID_ARGUMENT for a clip that is not of the length and rate of `from`;
 *   what `load` throws for a file; and as above
 */
export async function fit(clip: Clip, options: FitFromOptions): Promise<FitFromResult>;
export async function fit(
  first: Inr | Clip,
  second?: Clip | RecipeOptions<InrKind> | FitFromOptions,
  options: FitOptions = {},
): Promise<FitResult | RecipeResult<InrKind> | FitFromResult> {
  if (first instanceof Inr) return fitNetwork(first, second as Clip, options);
  if (!types.isFloat32Array((first as Clip | undefined)?.samples))
    requireNetwork(first as unknown as Inr);
  const given = (second ?? {}) as RecipeOptions<InrKind> | FitFromOptions;
  if ('from' in given && given.from !== undefined) return fitFrom(first as Clip, given);
  return fitByRecipe(first as Clip, given as RecipeOptions<InrKind>);
}

async function fitFrom(clip: Clip, { from, ...given }: FitFromOptions): Promise<FitFromResult> {
  requireClip(clip, 'fit');
  using start = await openStart(from);
  const network = await start.networkFor(clip);
  try {
    return { ...(await fitNetwork(network, clip, fromRecipe(given, network))), network };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

async function fitByRecipe(
  clip: Clip,
  given: RecipeOptions<InrKind>,
): Promise<RecipeResult<InrKind>> {
  const { kind, networks, fit: options } = applyRecipe(given, clip);
  if (networks.length > 1 && options.resume !== undefined) {
    throw invalidArgument(
      'resume',
      `fit options: resume is for the fit of one network, and the recipe ${given.recipe} has several. Fit a new network of the checkpoint's shape.`,
    );
  }
  const attempts: Attempt[] = [];
  for (const [index, own] of networks.entries()) {
    const network = createInr(kind, own);
    try {
      const result = await fitNetwork(network, clip, options);
      if (networks.length === 1) return { ...result, network };
      const { steps, seconds } = result;
      const metrics = await evaluate(clip, network.render(clip.length), {
        metrics: ['pesq', 'siSnr'],
      });
      const attempt = { parameters: network.parameterCount, steps, seconds, ...metrics };
      attempts.push(attempt);
      given.onAttempt?.(attempt);
      // Also while the attempt was measured.
      const asked = result.stoppedBy === 'asked' || options.stop?.aborted;
      if (asked || isTransparent(metrics) || index === networks.length - 1) {
        return { ...result, network, attempts };
      }
    } catch (error) {
      network.dispose();
      throw error;
    }
    network.dispose();
  }
  throw new Error('a recipe has a network');
}

async function fitNetwork(network: Inr, clip: Clip, options: FitOptions): Promise<FitResult> {
  requireClip(clip, 'fit');
  const resolved = resolveFitOptions(network, clip, options);
  const work = async () => {
    throwIfAborted(resolved.signal, 'the fit was aborted before its first step.');
    return await scope(() => run(network, clip, resolved));
  };
  return whileNoOtherTrains('fit', [network], work, 'network');
}

async function run(network: Inr, clip: Clip, options: ResolvedFit): Promise<FitResult> {
  const { checkpoint, signal, stop } = options;
  if (checkpoint !== undefined) await requireWritable(checkpoint.path, 'checkpoint.path');
  const { fitter: prepared, stopped, seconds: before = 0 } = await prepare(network, clip, options);
  using fitter = prepared;
  const begin = addon().fitFacts(fitter.handle).step;

  using looks = new Looks();
  const progress = new ProgressReporter(options, begin, looks);
  const watch = new ConstantOutputWatch(options);
  let last: FitReport | null = null;
  let stoppedBy: FitEnd = stopped ?? 'steps';
  const save = () => {
    const seconds = before + progress.seconds;
    return saveState(fitter, network, clip, options, { stoppedBy, seconds });
  };
  for (let step = begin; step < options.steps && stoppedBy === 'steps'; ) {
    const until = nextStop(step, options);
    const outcome = await runFitter(fitter, until, [signal, stop, looks.signal], (report) => {
      watch.look(report);
      progress.report(report);
    });
    last = outcome.last ?? last;
    step = addon().fitFacts(fitter.handle).step;
    looks.show(network);
    const aborted = outcome.reason === 'aborted';
    if (aborted && !signal?.aborted && !stop?.aborted) continue;
    if (aborted && (signal?.aborted || step === 0)) {
      const saved = checkpoint !== undefined && step > begin;
      if (saved) await save();
      throwIfAborted(
        signal?.aborted ? signal : stop,
        `the fit was aborted after step ${step}${saved ? `; ${checkpoint.path} holds what is needed to go on` : ''}.`,
      );
    }
    stoppedBy = aborted ? 'asked' : (outcome.reason as FitEnd);
    if (checkpoint?.every !== undefined) await save();
  }
  if (last !== null) progress.finish(last);
  looks.show(network);
  const seconds = before + progress.seconds;
  return summary(fitter, network, clip, { last, stoppedBy, seconds });
}

/**
 * The native loop, ready to run: everything is checked here, then a checkpoint's state is put in.
 */
async function prepare(
  network: Inr,
  clip: Clip,
  options: ResolvedFit,
): Promise<{ fitter: Trainer } & Partial<Pick<Checkpoint, 'stopped' | 'seconds'>>> {
  const { resume } = options;
  return scope(async () => {
    const saved =
      resume === undefined ? undefined : await readCheckpoint(resume, network, clip, options);
    const fitter = createFitter([network], [clip], options);
    if (saved !== undefined) {
      fitter.restore(saved.state);
      saved.restore();
    }
    network.clip = { sampleRate: clip.sampleRate, samples: clip.length };
    return { fitter, stopped: saved?.stopped, seconds: saved?.seconds };
  });
}

/** Where the loop returns to us: at the end, or before it for a checkpoint. */
function nextStop(step: number, { steps, checkpoint }: ResolvedFit): number {
  const every = checkpoint?.every ?? steps;
  return Math.min(steps, (Math.floor(step / every) + 1) * every);
}

async function saveState(
  fitter: Trainer,
  network: Inr,
  clip: Clip,
  options: ResolvedFit,
  reached: Reached,
): Promise<void> {
  const { path } = options.checkpoint as { path: string };
  await scope(() => writeCheckpoint(path, network, clip, options, fitter.state, reached));
}

interface Course extends Reached {
  readonly last: FitReport | null;
}

function summary(fitter: Trainer, network: Inr, clip: Clip, course: Course): FitResult {
  const { step, losses, threads } = addon().fitFacts(fitter.handle);
  const { last, stoppedBy, seconds } = course;
  return {
    steps: step,
    loss: losses.at(-1) as number,
    losses,
    // A checkpoint that was complete already leaves no step to measure in.
    siSnr: last === null ? siSnr(clip, network.render(clip.length)) : (last.siSnr[0] ?? null),
    seconds,
    secondsPerStep: seconds / step,
    stoppedBy,
    device: network.device,
    threads: threads > 0 ? threads : addon().threads(),
  };
}
