import { FewSoundError } from '../../errors.js';

/**
 * The equal error rate: where, as the threshold moves, as many of the ones are refused as of the others are taken; between two
 * thresholds by the straight line.
 *
 * @param scores higher: more of those that are to be taken
 * @param isTarget whether each is to be taken; some are and some are not
 * @returns 0 to 1
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function equalErrorRate(scores: readonly number[], isTarget: readonly boolean[]): number {
  const targets = isTarget.filter(Boolean).length;
  const others = isTarget.length - targets;
  if (scores.length !== isTarget.length || targets === 0 || others === 0) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `equalErrorRate: there are ${scores.length} scores of ${targets} that are to be taken and ${others} that are not; expected some of both.`,
      { field: 'isTarget' },
    );
  }
  const order = scores
    .map((_, i) => i)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number));
  // Above every score nothing is taken: all of the ones are refused, none of the others taken.
  let before = { refused: 1, taken: 0 };
  let [hits, alarms] = [0, 0];
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i] as number];
    // Equal scores fall on one side together.
    for (; i < order.length && scores[order[i] as number] === score; i++) {
      if (isTarget[order[i] as number]) hits += 1;
      else alarms += 1;
    }
    const now = { refused: 1 - hits / targets, taken: alarms / others };
    if (now.refused <= now.taken) {
      const gap = before.refused - before.taken;
      const part = gap / (gap + now.taken - now.refused);
      return before.taken + part * (now.taken - before.taken);
    }
    before = now;
  }
  return before.taken;
}
