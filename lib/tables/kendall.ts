/**
 * How far two rankings agree: Kendall's τ_b, 1 for the same order and -1 for the opposite one; ties
 * in either are taken account of (Kendall 1945).
 *
 * @param first [n] values
 * @param second [n] values, of the same things
 * @returns null where one of them does not rank: fewer than two values, or all the same
 */
export function kendallTau(first: readonly number[], second: readonly number[]): number | null {
  let [agreement, ranked, alsoRanked] = [0, 0, 0];
  for (let i = 0; i < first.length; i++) {
    for (let j = 0; j < i; j++) {
      const a = Math.sign((first[i] as number) - (first[j] as number));
      const b = Math.sign((second[i] as number) - (second[j] as number));
      agreement += a * b;
      ranked += a * a;
      alsoRanked += b * b;
    }
  }
  const pairs = Math.sqrt(ranked * alsoRanked);
  return pairs === 0 ? null : agreement / pairs;
}
