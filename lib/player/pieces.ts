import { invalidArgument } from '../errors.js';
import type { LearnedClip, SamplePositions } from './positions.js';

/** One piece of a long recording: where it begins and how many samples it has. */
export interface Piece {
  readonly start: number;
  readonly length: number;
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

/**
 * Adds up what the pieces of a recording have at positions among its samples, each by its weight.
 *
 * @param render amplitudes of one piece, at positions among its own samples
 * @param mixed where the sum goes, [count]
 */
export function mixPieces(
  pieces: readonly Piece[],
  overlap: number,
  { first, step, count }: SamplePositions,
  render: (index: number, positions: SamplePositions) => Float32Array,
  mixed: Float32Array,
): void {
  mixed.fill(0);
  for (const [index, { start, length }] of pieces.entries()) {
    // A piece is asked only between its ends; beyond the last sample there is only the last piece.
    const from = index === 0 ? 0 : Math.max(0, firstAfter(start, first, step));
    const last = index === pieces.length - 1;
    const to = last ? count : Math.min(count, firstAfter(start + length - 1, first, step));
    if (from >= to) continue;
    const amplitudes = render(index, {
      first: first + from * step - start,
      step,
      count: to - from,
    });
    for (let i = from; i < to; i++) {
      const weight = weightOf(pieces, index, overlap, first + i * step);
      mixed[i] = (mixed[i] as number) + weight * (amplitudes[i - from] as number);
    }
  }
}

/** Weight of a piece at a position in samples of the recording. */
function weightOf(
  pieces: readonly Piece[],
  index: number,
  overlap: number,
  position: number,
): number {
  const next = pieces[index + 1];
  const rising = index === 0 ? 1 : fadeIn(position, (pieces[index] as Piece).start, overlap);
  // A piece never fades in and out at once: one of the two is 1.
  return next === undefined || rising < 1 ? rising : 1 - fadeIn(position, next.start, overlap);
}

/** Index of the first sample that lies behind a position. */
function firstAfter(position: number, first: number, step: number): number {
  if (step === 0) return first > position ? 0 : 1;
  return Math.floor((position - first) / step) + 1;
}

/** @throws FewSoundError INVALID_ARGUMENT for pieces that do not cover the recording as they should */
export function requireCoveringPieces(
  pieces: readonly Piece[],
  overlap: number,
  clip: LearnedClip,
): void {
  const problem = (text: string) => invalidArgument('pieces', `pieces: ${text}.`);
  if (pieces.length === 0) throw problem('there are none');
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
