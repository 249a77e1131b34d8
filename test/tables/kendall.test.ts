import fc from 'fast-check';
import { kendallTau } from '../../lib/tables/kendall';

// Few different values, so that there are ties.
const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), {
  maxLength: 9,
});

/** By the definition: pairs in the same and in the opposite order, and those tied in one of them. */
function byCounting(values: readonly (readonly [number, number])[]): number | null {
  let [same, opposite, tiedFirst, tiedSecond] = [0, 0, 0, 0];
  const all = (values.length * (values.length - 1)) / 2;
  values.forEach(([a, b], i) => {
    for (const [c, d] of values.slice(i + 1)) {
      if (a === c) tiedFirst += 1;
      if (b === d) tiedSecond += 1;
      if (a === c || b === d) continue;
      if (a < c === b < d) same += 1;
      else opposite += 1;
    }
  });
  const pairs = Math.sqrt((all - tiedFirst) * (all - tiedSecond));
  return pairs === 0 ? null : (same - opposite) / pairs;
}

const tau = (values: readonly (readonly [number, number])[]) =>
  kendallTau(
    values.map(([first]) => first),
    values.map(([, second]) => second),
  );

describe('kendallTau', () => {
  test('counts pairs as the definition of τ_b does', () => {
    fc.assert(
      fc.property(pairs, (values) => {
        const expected = byCounting(values);
        if (expected === null) expect(tau(values)).toBeNull();
        else expect(tau(values)).toBeCloseTo(expected, 12);
      }),
    );
  });

  test('is that of the example in the documentation of scipy.stats.kendalltau', () => {
    expect(kendallTau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.47140452079103173, 14);
  });

  test('is 1 for the same order, -1 for the opposite one, null where nothing ranks', () => {
    expect(kendallTau([1, 2, 5], [10, 20, 21])).toBe(1);
    expect(kendallTau([1, 2, 5], [3, 2, 1])).toBe(-1);
    expect(kendallTau([1], [1])).toBeNull();
    expect(kendallTau([1, 2], [3, 3])).toBeNull();
  });
});
