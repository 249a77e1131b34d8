import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireClip } from '../audio/clip.js';
import type { Clip } from '../audio/index.js';
import { crop } from '../audio/index.js';
import { FewSoundError, invalidArgument } from '../errors.js';
import { type Inr, PiecewiseInr } from '../nn/index.js';
import { type Piece, planPieces } from '../nn/piecewise-inr.js';
import { callback, optionsObject, parseOptions, wholeNumber } from '../options.js';
import { type FitResult, fit } from './fit.js';
import {
  type CheckpointOptions,
  type FitOptions,
  type FitProgress,
  refuseOptions,
  requireNetwork,
  resolveFitOptions,
} from './fit-options.js';

/** Where a fit in pieces is. */
export interface FitLongProgress extends FitProgress {
  /** The piece that is being fitted, from 0. */
  readonly piece: number;
  readonly pieces: number;
}

/** A piece that has been fitted. */
export interface FittedPiece extends FitResult {
  /** From 0. */
  readonly piece: number;
  readonly pieces: number;
}

/** Options of `fitLong`. */
export interface FitLongOptions extends Omit<FitOptions, 'stop' | 'onProgress'> {
  /** Most samples of a piece, 4 · overlap to 16,777,216. Default 32,768 (paper 1). */
  pieceSamples?: number;
  /** Samples that neighbors share and fade over, 2 or more. Default 2048. */
  overlap?: number;
  /**
   * As for `fit`, but `path` is a folder that exists: each piece has a file in it, written when the
   * fit is aborted and when the piece is done as well.
   */
  checkpoint?: CheckpointOptions;
  /** A folder of checkpoints to go on from. Pieces without one start from their first step. */
  resume?: string;
  onProgress?: (progress: FitLongProgress) => void;
  /** Called after each piece. An error that it throws ends the fit. */
  onFitted?: (piece: FittedPiece) => void;
}

/** How a recording is cut where nothing is said of it. */
const usual = { pieceSamples: 32_768, overlap: 2048 };

/** Samples of the pieces of a recording, give or take one, where nothing is said of them. */
export function usualPieceLength(samples: number): number {
  return (planPieces(samples, usual.pieceSamples, usual.overlap)[0] as Piece).length;
}

const planSchema = optionsObject({
  pieceSamples: wholeNumber(8, 2 ** 24).default(usual.pieceSamples),
  overlap: wholeNumber(2, 2 ** 22).default(usual.overlap),
  onFitted: callback<(piece: FittedPiece) => void>().optional(),
}).refine(({ pieceSamples, overlap }) => pieceSamples >= 4 * overlap, {
  error: 'Expected at least 4 · overlap',
  path: ['pieceSamples'],
});

/**
 * Fits a recording of any length: cuts it into pieces of about equal length, fits a network to
 * each, one after the other, and joins them with cross-fades (paper 1, end of "FewSound"). A fit
 * that was interrupted and resumed gives the same result, bit for bit, as one that was not.
 *
 * @param createNetwork makes the network for a piece, whose samples it is told; they may differ.
 *   Called before the first step for all of them.
 * @returns the whole, which owns the networks
 * @throws FewSoundError what {@link fit} throws; the networks are disposed of then
 */
export async function fitLong(
  createNetwork: (piece: number, pieces: number, clip: Clip) => Inr,
  clip: Clip,
  options: FitLongOptions = {},
): Promise<PiecewiseInr> {
  if (typeof createNetwork !== 'function') {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'fitLong: the first argument is not a function; give one that makes the network of a piece.',
      { field: 'createNetwork' },
    );
  }
  requireClip(clip, 'fit');
  const { pieceSamples, overlap, onProgress, onFitted, ...rest } = options;
  refuseOptions('fitLong', rest, ['stop']);
  const plan = parseOptions(planSchema, { pieceSamples, overlap, onFitted }, 'fitLong options');
  const pieces = planPieces(clip.length, plan.pieceSamples, plan.overlap);
  const clips = pieces.map(({ start, length }) => crop(clip, start, length));
  const networks: Inr[] = [];
  try {
    for (let i = 0; i < pieces.length; i++) {
      const network = createNetwork(i, pieces.length, clips[i] as Clip);
      requireNetwork(network);
      if (networks.includes(network)) {
        throw invalidArgument(
          'network',
          `fitLong: the network for piece ${i} is that of another piece; make a new one for each.`,
        );
      }
      networks.push(network);
    }
    for (const [i, network] of networks.entries())
      resolveFitOptions(network, clips[i] as Clip, rest);
    const states = pieces.map((_, piece) => stateOf(piece, rest));
    requireCheckpoint(rest.resume, states);
    for (const [piece, network] of networks.entries()) {
      const place = { piece, pieces: pieces.length };
      const result = await fit(network, clips[piece] as Clip, {
        ...rest,
        ...states[piece],
        ...(onProgress && { onProgress: (progress) => onProgress({ ...progress, ...place }) }),
      });
      onFitted?.({ ...result, ...place });
    }
    return new PiecewiseInr({
      networks,
      pieces,
      overlap: plan.overlap,
      clip: { sampleRate: clip.sampleRate, samples: clip.length },
    });
  } catch (error) {
    for (const network of networks) network.dispose();
    throw error;
  }
}

/** Where a piece keeps its state, and what it goes on from. */
function stateOf(
  piece: number,
  { checkpoint, resume }: Pick<FitOptions, 'checkpoint' | 'resume'>,
): Pick<FitOptions, 'checkpoint' | 'resume'> {
  const name = `piece-${String(piece + 1).padStart(4, '0')}.safetensors`;
  const saved = resume === undefined ? undefined : join(resume, name);
  return {
    ...(checkpoint && {
      checkpoint: {
        path: join(checkpoint.path, name),
        // A piece that is done has a checkpoint too: resumed, it has nothing left to do.
        every: checkpoint.every ?? 100_000_000,
      },
    }),
    resume: saved !== undefined && existsSync(saved) ? saved : undefined,
  };
}

function requireCheckpoint(
  resume: string | undefined,
  states: readonly Pick<FitOptions, 'resume'>[],
): void {
  if (resume === undefined || states.some((state) => state.resume !== undefined)) return;
  throw new FewSoundError(
    'FILE_NOT_FOUND',
    `resume: ${resume} holds no checkpoint of a piece. Fit without resume.`,
    { field: 'resume' },
  );
}
