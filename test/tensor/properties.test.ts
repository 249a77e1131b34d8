import fc from 'fast-check';
import { ops, scope, type Tensor, tensor } from '../../lib/tensor';
import { flat } from './expect-close';

const RUNS = { numRuns: 100, seed: 3 };

/** A shape, and numbers to fill it. */
const filled = (maxDimensions = 4) =>
  fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: maxDimensions })
    .chain((shape) => {
      const size = shape.reduce((product, each) => product * each, 1);
      const numbers = fc.array(fc.integer({ min: -9, max: 9 }), {
        minLength: size,
        maxLength: size,
      });
      return fc.record({ shape: fc.constant(shape), numbers });
    });

const make = ({ shape, numbers }: { shape: number[]; numbers: number[] }): Tensor =>
  tensor(Float64Array.from(numbers), { shape });

/** All index vectors of a shape, in row-major order. */
function* positions(shape: readonly number[]): Generator<number[]> {
  if (shape.length === 0) yield [];
  else
    for (let i = 0; i < (shape[0] as number); i++)
      for (const rest of positions(shape.slice(1))) yield [i, ...rest];
}

function at(value: unknown, position: readonly number[]): number {
  return position.reduce<unknown>((inner, i) => (inner as unknown[])[i], value) as number;
}

describe('for any shape', () => {
  it('toArray gives back what tensor was given', () => {
    fc.assert(
      fc.property(filled(), (given) => {
        scope(() => {
          const x = make(given);
          const array = x.toArray();
          expect([...positions(given.shape)].map((p) => at(array, p))).toEqual(given.numbers);
          expect([x.shape, x.size, x.rank]).toEqual([
            given.shape,
            given.numbers.length,
            given.shape.length,
          ]);
        });
      }),
      RUNS,
    );
  });

  it('broadcasting repeats dimensions of size 1', () => {
    const pair = filled().chain((given) =>
      fc.record({
        given: fc.constant(given),
        ones: fc.array(fc.boolean(), {
          minLength: given.shape.length,
          maxLength: given.shape.length,
        }),
        leave: fc.nat(given.shape.length),
      }),
    );
    fc.assert(
      fc.property(pair, ({ given, ones, leave }) => {
        scope(() => {
          const x = make(given);
          // The same tensor, some of its dimensions cut to size 1 and some leading ones of those
          // dropped.
          const full = ones.reduce((y, one, dim) => (one ? y.narrow(dim, 0, 1) : y), x);
          const leading = ones.findIndex((one) => !one);
          const dropped = Math.min(leave, leading === -1 ? ones.length : leading);
          const small = full.reshape(full.shape.slice(dropped));
          const [sum, a, b] = [x.add(small).toArray(), x.toArray(), full.toArray()];
          for (const p of positions(given.shape)) {
            expect(at(sum, p)).toBe(
              at(a, p) +
                at(
                  b,
                  p.map((i, dim) => (ones[dim] ? 0 : i)),
                ),
            );
          }
        });
      }),
      RUNS,
    );
  });

  it('a sum over some dimensions is the sum over the rest of the positions', () => {
    const arbitrary = filled().chain((given) =>
      fc.record({
        given: fc.constant(given),
        dims: fc.uniqueArray(fc.nat(given.shape.length - 1), { minLength: 1 }),
      }),
    );
    fc.assert(
      fc.property(arbitrary, ({ given, dims }) => {
        scope(() => {
          const sum = make(given).sum({ dim: dims, keepdim: true });
          const expected = new Map<string, number>();
          let i = 0;
          for (const p of positions(given.shape)) {
            const key = p.map((each, dim) => (dims.includes(dim) ? 0 : each)).join();
            expected.set(key, (expected.get(key) ?? 0) + (given.numbers[i++] as number));
          }
          const array = sum.toArray();
          expect([...positions(sum.shape)].map((p) => at(array, p))).toEqual([
            ...expected.values(),
          ]);
        });
      }),
      RUNS,
    );
  });

  it('permute moves every element to its place', () => {
    const arbitrary = filled().chain((given) =>
      fc.record({
        given: fc.constant(given),
        dims: fc.shuffledSubarray(
          given.shape.map((_, i) => i),
          { minLength: given.shape.length },
        ),
      }),
    );
    fc.assert(
      fc.property(arbitrary, ({ given, dims }) => {
        scope(() => {
          const x = make(given);
          const [from, to] = [x.toArray(), x.permute(dims).toArray()];
          for (const p of positions(given.shape)) {
            expect(
              at(
                to,
                dims.map((dim) => p[dim] as number),
              ),
            ).toBe(at(from, p));
          }
        });
      }),
      RUNS,
    );
  });

  it('slice takes what a slice of an array would', () => {
    const bound = fc.option(fc.integer({ min: -12, max: 12 }));
    const list = fc.array(fc.integer(), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(
        list,
        bound,
        bound,
        fc.integer({ min: 1, max: 4 }),
        (numbers, start, end, step) => {
          scope(() => {
            const x = tensor(Float64Array.from(numbers));
            const expected = numbers
              .slice(start ?? 0, end ?? undefined)
              .filter((_, i) => i % step === 0);
            expect(x.slice(0, { start, end, step }).toArray()).toEqual(expected);
          });
        },
      ),
      RUNS,
    );
  });

  it('cat undoes split', () => {
    fc.assert(
      fc.property(filled(), fc.integer({ min: 1, max: 5 }), (given, size) => {
        scope(() => {
          const x = make(given);
          expect(ops.cat(x.split(size)).equal(x)).toBe(true);
        });
      }),
      RUNS,
    );
  });

  it('data() of a view has the elements of toArray()', () => {
    fc.assert(
      fc.property(filled(), fc.array(fc.nat(3), { maxLength: 4 }), (given, steps) => {
        scope(() => {
          const view = steps.reduce<Tensor>((x, step) => {
            if (step === 0) return x.transpose(0, -1);
            if (step === 1) return x.flip(0);
            if (step === 2) return x.narrow(0, (x.shape[0] as number) - 1, 1);
            return x.expand([2, ...x.shape]);
          }, make(given));
          expect([...view.data('float64')]).toEqual(flat(view.toArray()));
        });
      }),
      RUNS,
    );
  });
});
