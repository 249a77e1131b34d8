import { invalidArgument } from '../../errors.js';

/**
 * The equal error rate: where, as the threshold moves, as large a part of the targets is rejected
 * as of the others is accepted, by a straight line between two thresholds.
 *
 * @param scores higher for targets
 * @param isTarget whether each is a target; some are and some are not
 * @returns 0 to 1
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function equalErrorRate(scores: readonly number[], isTarget: readonly boolean[]): number {
  const targets = isTarget.filter(Boolean).length;
  const others = isTarget.length - targets;
  if (scores.length !== isTarget.length || targets === 0 || others === 0) {
    throw invalidArgument(
      'isTarget',
      `equalErrorRate: got ${scores.length} scores for ${targets} targets and ${others} others; expected some of both.`,
    );
  }
  const order = scores
    .map((_, i) => i)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number));
  // Above every score all targets are rejected and no others accepted.
  let before = { rejected: 1, accepted: 0 };
  let [hits, alarms] = [0, 0];
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i] as number];
    // Equal scores fall on one side together.
    for (; i < order.length && scores[order[i] as number] === score; i++) {
      if (isTarget[order[i] as number]) hits += 1;
      else alarms += 1;
    }
    const now = { rejected: 1 - hits / targets, accepted: alarms / others };
    if (now.rejected <= now.accepted) {
      const gap = before.rejected - before.accepted;
      const part = gap / (gap + now.accepted - now.rejected);
      return before.accepted + part * (now.accepted - before.accepted);
    }
    before = now;
  }
  return before.accepted;
}
