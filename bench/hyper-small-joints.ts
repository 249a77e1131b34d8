import type { Clip } from '../lib/audio/index.js';
import { encodeRecording, type FewSound, type HyperSound } from '../lib/nn/index.js';

/** Samples on either side of a joint that it is compared with. */
const NEIGHBOURHOOD = 50;

/**
 * How much more a decoded recording jumps from one sample to the next where pieces begin and end to
 * sound than around there: the ratio of the mean energies; 1 where a joint is like any other place.
 */
export async function jumpAtJoints(model: FewSound | HyperSound, clip: Clip): Promise<number> {
  using encoded = await encodeRecording(model, clip);
  const sound = encoded.render(clip.length);
  const energy = (at: readonly number[]) =>
    at.reduce((sum, i) => sum + ((sound[i] as number) - (sound[i - 1] as number)) ** 2, 0) /
    at.length;
  const joints = encoded.pieces
    .slice(1)
    .flatMap(({ start }) => [start, start + encoded.overlap])
    .filter((i) => i > NEIGHBOURHOOD && i + NEIGHBOURHOOD < clip.length);
  const around = joints.flatMap((joint) =>
    Array.from({ length: 2 * NEIGHBOURHOOD + 1 }, (_, i) => joint - NEIGHBOURHOOD + i),
  );
  return energy(joints) / energy(around);
}
