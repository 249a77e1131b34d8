/** One piece of a long recording: where it begins and how many samples it has. */
export interface Piece {
  readonly start: number;
  readonly length: number;
}

/**
 * Cuts a recording into the fewest pieces of at most `pieceSamples`, neighbours sharing `overlap`
 * samples, all of one length give or take a sample: none is a small rest that would be hard to learn.
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
