import { FewSoundError } from '../errors.js';
import { type Device, scope, writeSafetensors } from '../tensor/index.js';
import { checkLearnedClip, type Inr } from './inr.js';
import { fileMetadata, fileTensors, requireFreeNames, requirePath } from './model-file.js';
import {
  type LearnedClip,
  type RenderRange,
  rangePositions,
  requireSampleCount,
  type SamplePositions,
} from './time.js';

/** One piece of a long recording: where it begins and how many samples it has. */
export interface Piece {
  readonly start: number;
  readonly length: number;
}

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

/**
 * Weight of the later of two pieces in their overlap: a raised cosine from 0 at the first shared
 * sample to 1 at the last. The earlier piece has 1 minus this, so that the two sum to exactly 1 in
 * floating point too.
 *
 * @param position in samples of the recording, may lie between them
 * @param start first sample of the later piece
 */
export function fadeIn(position: number, start: number, overlap: number): number {
  const part = (position - start) / (overlap - 1);
  if (part <= 0) return 0;
  if (part >= 1) return 1;
  return 0.5 - 0.5 * Math.cos(Math.PI * part);
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
    this.#check();
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
    const { first, step, count } = positions;
    const rendered = new Float32Array(count);
    for (const [index, { start, length }] of this.pieces.entries()) {
      // A piece is asked only between its ends; beyond the last sample there is only the last
      // piece.
      const from = index === 0 ? 0 : Math.max(0, firstAfter(start, first, step));
      const last = index === this.pieces.length - 1;
      const to = last ? count : Math.min(count, firstAfter(start + length - 1, first, step));
      if (from >= to) continue;
      const network = this.networks[index] as Inr;
      const amplitudes = network.renderAmong(length, {
        first: first + from * step - start,
        step,
        count: to - from,
      });
      for (let i = from; i < to; i++) {
        const weight = this.#weight(index, first + i * step);
        rendered[i] = (rendered[i] as number) + weight * (amplitudes[i - from] as number);
      }
    }
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

  /** Weight of a piece at a position in samples of the recording. */
  #weight(index: number, position: number): number {
    const next = this.pieces[index + 1];
    const rising =
      index === 0 ? 1 : fadeIn(position, (this.pieces[index] as Piece).start, this.overlap);
    // A piece never fades in and out at once: one of the two is 1.
    return next === undefined || rising < 1
      ? rising
      : 1 - fadeIn(position, next.start, this.overlap);
  }

  #check(): void {
    const { pieces, networks, overlap, clip } = this;
    const problem = (text: string) =>
      new FewSoundError('INVALID_ARGUMENT', `pieces: ${text}.`, { field: 'pieces' });
    if (pieces.length === 0 || networks.length !== pieces.length) {
      throw problem(`${networks.length} networks for ${pieces.length} pieces`);
    }
    let end = 0;
    for (const [i, { start, length }] of pieces.entries()) {
      const expected = i === 0 ? 0 : end - overlap;
      if (start !== expected) throw problem(`piece ${i} starts at ${start}; expected ${expected}`);
      end = start + length;
      if (pieces.length > 1 && length < 2 * overlap) {
        throw problem(`piece ${i} has ${length} samples, less than two overlaps of ${overlap}`);
      }
    }
    // A hypernetwork writes pieces of one length: the last may reach beyond the end, but not lie
    // there.
    const { start = 0 } = pieces.at(-1) ?? {};
    if (end < clip.samples || start >= clip.samples) {
      throw problem(`they end at sample ${end}, the recording at ${clip.samples}`);
    }
  }
}

/** Index of the first sample that lies behind a position. */
function firstAfter(position: number, first: number, step: number): number {
  if (step === 0) return first > position ? 0 : 1;
  return Math.floor((position - first) / step) + 1;
}
