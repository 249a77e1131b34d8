import { type Comparison, isRounding, passes } from './comparison.js';
import type { FileReport } from './run-conformance.js';

const number = (value: number) => value.toExponential(1).replace('e+0', 'e0');

/** The comparison that is nearest to its tolerance, or farthest past it. */
function worst(comparisons: readonly Comparison[]): Comparison | undefined {
  const share = ({ relative, tolerance }: Comparison) => relative / tolerance;
  return [...comparisons].sort((a, b) => share(b) - share(a))[0];
}

/** The largest errors of a file over all its tensors. */
export function largest(comparisons: readonly Comparison[]): {
  absolute: number;
  relative: number;
} {
  return {
    absolute: Math.max(...comparisons.map(({ absolute }) => absolute)),
    relative: Math.max(...comparisons.map(({ relative }) => relative)),
  };
}

export const heading = [
  'file'.padEnd(42),
  'result'.padEnd(8),
  'max abs'.padStart(9),
  'max rel'.padStart(9),
  'tolerance'.padStart(10),
  '  worst tensor; float64: golden, ours, rounding',
].join('');

/**
 * One line of the report, and one for each tensor that is out of tolerance or has a tolerance of
 * its own.
 */
export function reportLines({ file, status, comparisons, problem }: FileReport): string[] {
  const start = `${file.padEnd(42)}${status.padEnd(8)}`;
  const nearest = worst(comparisons);
  if (nearest === undefined) return [`${start}${problem ?? 'there is no checker for this kind'}`];
  const { absolute, relative } = largest(comparisons);
  const { float64: found } = nearest;
  const float64 = found
    ? `; ${number(found.golden)}, ${number(found.ours)}, ${number(found.rounding)}`
    : '';
  const line = [
    start,
    number(absolute).padStart(9),
    number(relative).padStart(9),
    number(nearest.tolerance).padStart(10),
    `  ${nearest.name}${float64}`,
  ].join('');
  const failed = comparisons
    .filter((comparison) => !passes(comparison))
    .map(
      (c) => `    ${c.name}: relative error ${number(c.relative)}, above ${number(c.tolerance)}`,
    );
  const rounding = comparisons
    .filter((c) => c.relative > c.tolerance && isRounding(c))
    .map(
      ({ name, relative, float64 }) =>
        `    ${name}: relative error ${number(relative)} is rounding: from float64 the recorded one is ` +
        `${number(float64?.golden as number)}, ours ${number(float64?.ours as number)}`,
    );
  const reasons = comparisons.flatMap(({ reason, tolerance }) =>
    reason ? [`    tolerance ${number(tolerance)}: ${reason}`] : [],
  );
  return [line, ...failed, ...rounding, ...new Set(reasons)];
}
