import { requireClip } from '../audio/clip.js';
import type { Clip } from '../audio/index.js';
import { crop } from '../audio/index.js';
import { FewSoundError } from '../errors.js';
import { type Inr, PiecewiseInr, planPieces } from '../nn/index.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { fit } from './fit.js';
import {
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

/** Options of `fitLong`. */
export interface FitLongOptions extends Omit<FitOptions, 'checkpoint' | 'resume' | 'onProgress'> {
  /** Most samples of a piece, 4 · overlap to 16,777,216. Default 32,768 (paper 1). */
  pieceSamples?: number;
  /** Samples that neighbours share and fade over, 2 or more. Default 2048. */
  overlap?: number;
  onProgress?: (progress: FitLongProgress) => void;
}

const planSchema = optionsObject({
  pieceSamples: wholeNumber(8, 2 ** 24).default(32_768),
  overlap: wholeNumber(2, 2 ** 22).default(2048),
}).refine(({ pieceSamples, overlap }) => pieceSamples >= 4 * overlap, {
  error: 'Expected at least 4 · overlap',
  path: ['pieceSamples'],
});

/**
 * Fits a recording of any length: cuts it into pieces of about equal length, fits a network to each, one
 * after the other, and joins them with cross-fades (paper 1, end of "FewSound").
 *
 * @param createNetwork makes the network for a piece; they may differ. Called before the first step for
 *   all of them.
 * @returns the whole, which owns the networks
 * @throws FewSoundError what {@link fit} throws; the networks are disposed of then
 */
export async function fitLong(
  createNetwork: (piece: number, pieces: number) => Inr,
  clip: Clip,
  options: FitLongOptions = {},
): Promise<PiecewiseInr> {
  if (typeof createNetwork !== 'function') {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      'fitLong: the first argument is no function; give one that makes the network of a piece.',
      { field: 'createNetwork' },
    );
  }
  requireClip(clip, 'fit');
  const { pieceSamples, overlap, onProgress, ...rest } = options;
  const plan = parseOptions(
    planSchema,
    {
      ...(pieceSamples !== undefined && { pieceSamples }),
      ...(overlap !== undefined && { overlap }),
    },
    'fitLong options',
  );
  refuseOptions('fitLong', rest, ['checkpoint', 'resume']);
  const pieces = planPieces(clip.length, plan.pieceSamples, plan.overlap);
  const clips = pieces.map(({ start, length }) => crop(clip, start, length));
  const networks: Inr[] = [];
  try {
    for (let i = 0; i < pieces.length; i++) {
      const network = createNetwork(i, pieces.length);
      requireNetwork(network);
      networks.push(network);
    }
    for (const [i, network] of networks.entries())
      resolveFitOptions(network, clips[i] as Clip, rest);
    for (const [piece, network] of networks.entries()) {
      await fit(network, clips[piece] as Clip, {
        ...rest,
        ...(onProgress && {
          onProgress: (progress) => onProgress({ ...progress, piece, pieces: pieces.length }),
        }),
      });
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
