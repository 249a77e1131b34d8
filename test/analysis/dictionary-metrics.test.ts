import fc from 'fast-check';
import { dictionaryMetrics, gapMeasures } from '../../lib/analysis';
import { ops, scope, type Tensor, tensor } from '../../lib/tensor';
import { noise } from '../metrics/noise';

const matrix = (rows: number, columns: number, seed = 3) =>
  tensor(noise(rows * columns, seed), { shape: [rows, columns] });

/** A tight frame of three directions in the plane. */
const mercedes = () =>
  tensor(
    [0, 1, 2].map((k) => [Math.cos((2 * Math.PI * k) / 3), Math.sin((2 * Math.PI * k) / 3)]),
    {
      dtype: 'float64',
    },
  ).transpose();

describe('dictionaryMetrics', () => {
  test('of an orthonormal basis', () => {
    const found = scope(() => dictionaryMetrics(ops.eye(4)));
    expect(found).toMatchObject({ atoms: 4, dimension: 4, rank: 4, A: 1, B: 1, lambdaMinPlus: 1 });
    expect(found).toMatchObject({ mu: 0, muAvg: 0, betaMin: 90, betaAvg: 90, muMse: 0.5 });
    expect([...found.babel]).toEqual([0, 0, 0]);
  });

  test('of three directions of a plane, evenly spread', () => {
    const found = scope(() => dictionaryMetrics(mercedes()));
    expect(found.A).toBeCloseTo(1.5, 12);
    expect(found.B).toBeCloseTo(1.5, 12);
    expect(found.mu).toBeCloseTo(0.5, 12);
    expect(found.betaMin).toBeCloseTo(60, 9);
    expect([...found.babel].map((value) => Number(value.toFixed(9)))).toEqual([0.5, 1]);
  });

  test('does not depend on the lengths or signs of atoms', () => {
    const factors = fc.array(
      fc.double({ min: 1e-200, max: 1e200, noNaN: true, noDefaultInfinity: true }),
      { minLength: 6, maxLength: 6 },
    );
    fc.assert(
      fc.property(factors, (scales) => {
        scope(() => {
          const atoms = matrix(4, 6);
          const signed = tensor(Float64Array.from(scales, (value, i) => (i % 2 ? -value : value)));
          const [plain, scaled] = [dictionaryMetrics(atoms), dictionaryMetrics(atoms.mul(signed))];
          for (const name of ['A', 'B', 'mu', 'muAvg', 'muMse', 'betaAvg'] as const) {
            expect(scaled[name]).toBeCloseTo(plain[name], 9);
          }
        });
      }),
      { numRuns: 30, seed: 2 },
    );
  });

  test('agrees with sums over pairs, for any shape', () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 1e6 }), (dimension, atoms, seed) => {
        scope(() => {
          const found = dictionaryMetrics(matrix(dimension, atoms, seed));
          const columns = columnsOf(matrix(dimension, atoms, seed));
          const dots = columns.map((a) => columns.map((b) => Math.abs(dot(a, b))));
          const others = dots.map((row, i) => row.filter((_, j) => j !== i).sort((a, b) => b - a));
          const nearest = others.map(([first = 0]) => first);
          expect(found.mu).toBeCloseTo(Math.max(...nearest), 9);
          expect(found.muAvg).toBeCloseTo(mean(nearest), 9);
          expect(found.muMse).toBeCloseTo(Math.sqrt(mean(dots.flat().map((x) => x * x))), 9);
          const babel = Array.from({ length: atoms - 1 }, (_, m) =>
            Math.max(...others.map((row) => row.slice(0, m + 1).reduce((sum, x) => sum + x, 0))),
          );
          expect(found.babel).toHaveLength(babel.length);
          babel.forEach((value, m) => {
            expect(found.babel[m]).toBeCloseTo(value, 9);
          });
          // The trace of D·Dᵀ is the number of atoms.
          expect(found.eigenvalues.reduce((sum, x) => sum + x, 0)).toBeCloseTo(atoms, 9);
          expect(found.eigenvalues).toHaveLength(dimension);
          if (atoms < dimension) expect(found.A).toBe(0);
        });
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  test('has A 0 and a positive smallest eigenvalue where atoms do not span the space', () => {
    scope(() => {
      const flat = ops.cat([matrix(3, 8), ops.zeros([1, 8], { dtype: 'float64' })], 0);
      const { A, lambdaMinPlus, rank } = dictionaryMetrics(flat);
      expect({ A, rank }).toEqual({ A: 0, rank: 3 });
      expect(lambdaMinPlus).toBeGreaterThan(0.1);
    });
  });

  test('is the same block by block', () => {
    scope(() => {
      const atoms = matrix(9, 1100);
      const { mu, babel } = dictionaryMetrics(atoms, { babel: 3 });
      const unit = atoms.div(atoms.norm(2, 0, true));
      const products = unit.transpose().matmul(unit).abs();
      products.diagonal().zero_();
      expect(mu).toBeCloseTo(products.max().item(), 12);
      expect(babel[2]).toBeCloseTo(products.topk(3).values.sum(1).max().item(), 12);
      // Without the Babel function only one half of the products is computed.
      const half = dictionaryMetrics(atoms, { babel: 0 });
      expect(half.mu).toBeCloseTo(mu, 12);
      expect(half.muAvg).toBeCloseTo(products.max(1).mean().item(), 12);
    });
  });
});

describe('degenerate dictionaries', () => {
  const metrics = (rows: number[][], options = {}) =>
    scope(() => dictionaryMetrics(tensor(rows, { dtype: 'float64' }).transpose(), options));

  test('one atom has no other: coherence 0, angles 90, but for those in which it meets itself', () => {
    const found = metrics([[3, 4]]);
    expect(found).toMatchObject({ atoms: 1, rank: 1, mu: 0, muAvg: 0, betaMin: 90, betaAvg: 90 });
    expect(found).toMatchObject({ A: 0, muMse: 1, betaMse: 0 });
    expect(found.B).toBeCloseTo(1, 12);
    expect(found.babel).toHaveLength(0);
  });

  test('equal and opposite atoms have coherence 1', () => {
    const { mu, betaMin, rank } = metrics([
      [1, 2],
      [2, 4],
      [-1, -2],
    ]);
    expect(mu).toBeCloseTo(1, 12);
    expect(betaMin).toBeCloseTo(0, 5);
    expect(rank).toBe(1);
  });

  test('atoms of zeros, NaN and infinities are left out and counted', () => {
    const found = metrics([
      [1, 0],
      [0, 0],
      [Number.NaN, 1],
      [0, 1],
      [Number.POSITIVE_INFINITY, 0],
    ]);
    expect(found).toMatchObject({ atoms: 2, zeroAtoms: 1, nonFiniteAtoms: 2, mu: 0, A: 1, B: 1 });
  });

  test('without an atom every figure is NaN', () => {
    const found = metrics([
      [0, 0],
      [0, 0],
    ]);
    expect(found).toMatchObject({ atoms: 0, zeroAtoms: 2, A: Number.NaN, mu: Number.NaN });
    expect(scope(() => gapMeasures(ops.zeros([2, 3]))).betaGap).toBeNaN();
  });

  test('what is no matrix is an error', () => {
    for (const make of [() => ops.ones([3]), () => ops.ones([3, 0]), () => ops.ones([2, 2, 2])]) {
      expect(() => scope(() => dictionaryMetrics(make()))).toThrow(/expected a dictionary/);
    }
  });
});

describe('gapMeasures', () => {
  test('finds the middle between the axes', () => {
    const plane = scope(() => gapMeasures(ops.eye(2)));
    expect(plane.betaGap).toBeCloseTo(45, 3);
    const space = scope(() => gapMeasures(ops.eye(3)));
    expect(space.betaGap).toBeCloseTo((Math.acos(1 / Math.sqrt(3)) * 180) / Math.PI, 1);
    expect(space.betaGapAvg).toBeLessThan(space.betaGap);
    expect(space.exact).toBe(false);
  });

  test('is 90 degrees where a direction is out of reach', () => {
    scope(() => {
      const flat = ops.cat([matrix(3, 8), ops.zeros([1, 8], { dtype: 'float64' })], 0);
      expect(gapMeasures(flat)).toMatchObject({ betaGap: 90, muGap: 0, exact: true });
      expect(gapMeasures(matrix(5, 2))).toMatchObject({ betaGap: 90, exact: true });
    });
  });

  test('depends on the seed alone', () => {
    const gap = (seed: number) => scope(() => gapMeasures(matrix(6, 20), { seed, steps: 20 }));
    expect(gap(1)).toEqual(gap(1));
    expect(gap(1).betaGap).not.toBe(gap(2).betaGap);
  });
});

const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Columns of unit norm. */
function columnsOf(values: Tensor): number[][] {
  const columns = values.transpose().contiguous().toArray() as number[][];
  return columns.map((column) => column.map((x) => x / Math.hypot(...column)));
}
