import { invalidArgument } from '../errors.js';
import { mixPieces, type Piece, requireCoveringPieces } from '../player/pieces.js';
import { requireSampleCount, type SamplePositions } from '../player/positions.js';
import { type Device, scope, writeSafetensors } from '../tensor/index.js';
import { checkLearnedClip, type Inr } from './inr.js';
import { fileMetadata, fileTensors, requireFreeNames, requirePath } from './model-file.js';
import { type LearnedClip, type RenderRange, rangePositions } from './time.js';

export type { Piece };

/**
 * Cuts a recording into the fewest pieces of at most `pieceSamples`, neighbors sharing `overlap`
 * samples, all of one length give or take a sample: none is a small rest that would be hard to
 * learn.
 *
 * @param samples length of the recording, at least 1
 * @param pieceSamples at least 4 · overlap, so that a piece never fades in and out at once
 */
export function planPieces(samples: number, pieceSamples: number, overlap: number): Piece[] {
  if (samples <= pieceSamples) return [{ start: 0, length: samples }];
  const count = 1 + Math.ceil((samples - pieceSamples) / (pieceSamples - overlap));
  const total = samples + (count - 1) * overlap;
  const pieces: Piece[] = [];
  let start = 0;
  for (let i = 0; i < count; i++) {
    const length = Math.floor(((i + 1) * total) / count) - Math.floor((i * total) / count);
    pieces.push({ start, length });
    start += length - overlap;
  }
  return pieces;
}

/** What a {@link PiecewiseInr} is made of. */
export interface PiecewiseParts {
  /** A network for every piece, in order. The whole owns them from now on. */
  networks: readonly Inr[];
  /** Where each begins and how long it is; neighbors share `overlap` samples. */
  pieces: readonly Piece[];
  /** Samples that neighbors share, 2 or more. */
  overlap: number;
  /** The whole recording. */
  clip: LearnedClip;
}

/**
 * A recording of any length as networks that hold a piece each (paper 1, end of "FewSound").
 * Neighbors share some samples, where one fades into the other along a raised cosine; the two
 * weights sum to 1 everywhere. Made by `fitLong` or `load`.
 */
export class PiecewiseInr {
  readonly kind = 'piecewise';
  readonly networks: readonly Inr[];
  readonly pieces: readonly Piece[];
  readonly overlap: number;
  /** The whole recording. */
  readonly clip: LearnedClip;

  /**
   * @throws FewSoundError INVALID_ARGUMENT for pieces that do not cover the recording as they
   *   should
   */
  constructor({ networks, pieces, overlap, clip }: PiecewiseParts) {
    this.networks = Object.freeze([...networks]);
    this.pieces = Object.freeze(
      pieces.map(({ start, length }) => Object.freeze({ start, length })),
    );
    this.overlap = overlap;
    this.clip = checkLearnedClip(clip);
    if (networks.length !== pieces.length) {
      throw invalidArgument(
        'pieces',
        `pieces: ${networks.length} networks for ${pieces.length} pieces.`,
      );
    }
    requireCoveringPieces(this.pieces, overlap, this.clip);
  }

  /** Learnable numbers of all pieces. */
  get parameterCount(): number {
    return this.networks.reduce((sum, network) => sum + network.parameterCount, 0);
  }

  get device(): Device {
    return (this.networks[0] as Inr).device;
  }

  get dtype(): 'float32' | 'float64' {
    return (this.networks[0] as Inr).dtype;
  }

  /**
   * The sound as samples: a number of them spread over the whole recording, or those of a stretch
   * of time at any rate.
   *
   * @param extent how many samples, or from where to where in seconds
   * @returns [samples] amplitudes
   * @throws FewSoundError INVALID_ARGUMENT for a range outside the recording
   */
  render(extent: number | RenderRange): Float32Array {
    const positions = this.#positions(extent);
    const rendered = new Float32Array(positions.count);
    const renderPiece = (index: number, own: SamplePositions) =>
      (this.networks[index] as Inr).renderAmong((this.pieces[index] as Piece).length, own);
    mixPieces(this.pieces, this.overlap, positions, renderPiece, rendered);
    return rendered;
  }

  /**
   * Writes all pieces to one safetensors file, atomically, as {@link Inr.save} does.
   *
   * @throws FewSoundError IO, INVALID_ARGUMENT for a name that fewsound itself uses
   */
  async save(path: string, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
    requirePath(path);
    requireFreeNames(metadata);
    const pieces = this.pieces.map((piece, i) => ({
      ...piece,
      model: (this.networks[i] as Inr).describe(),
    }));
    const model = { kind: this.kind, overlap: this.overlap, pieces };
    await scope(() =>
      writeSafetensors(
        path,
        new Map(this.networks.flatMap((network, i) => fileTensors(network, `pieces.${i}.`))),
        { ...fileMetadata('pieces', model, this.clip), ...metadata },
      ),
    );
  }

  /** Frees all networks now. A second time does nothing. */
  dispose(): void {
    for (const network of this.networks) network.dispose();
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #positions(extent: number | RenderRange): SamplePositions {
    if (typeof extent !== 'number') return rangePositions(extent, this.clip);
    const count = requireSampleCount(extent);
    return { first: 0, step: (this.clip.samples - 1) / Math.max(count - 1, 1), count };
  }
}
