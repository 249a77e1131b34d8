import type { Element, NestedArray, Tensor } from '../../lib/tensor';

/** The elements in row-major order. */
export function flat(value: NestedArray<Element>): number[] {
  return Array.isArray(value) ? value.flatMap(flat) : [Number(value)];
}

/** Compares shape and elements; `tolerance` is absolute, next to 1, and relative beyond. */
export function expectClose(
  actual: Tensor,
  expected: NestedArray<Element>,
  tolerance = 1e-5,
): void {
  const got = actual.toArray();
  expect(shapeOf(got)).toEqual(shapeOf(expected));
  const wanted = flat(expected);
  flat(got).forEach((value, i) => {
    const want = wanted[i] as number;
    if (Object.is(value, want)) return;
    const error = Math.abs(value - want) / Math.max(1, Math.abs(want));
    if (!(error <= tolerance)) {
      throw new Error(`element ${i} is ${value}, expected ${want} within ${tolerance}`);
    }
  });
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}
