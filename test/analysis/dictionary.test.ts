import fc from 'fast-check';
import {
  blockDictionary,
  dictionaryMetrics,
  dictionaryOf,
  gapMeasures,
  geometryOfModel,
  splineDictionary,
  waveformFilters,
} from '../../lib/analysis';
import { FewSound, KAN } from '../../lib/nn';
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

  test('one atom has no other: coherence 0, angles 90', () => {
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
      expect(() => scope(() => dictionaryMetrics(make()))).toThrow(/a dictionary is a matrix/);
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

describe('layers as dictionaries', () => {
  const rows = (atoms: Tensor) => atoms.transpose().contiguous().toArray();

  test('a convolution has a column for each output, the taps of an input together', () => {
    scope(() => {
      const weight = ops.arange(0, 12).reshape([2, 2, 3]);
      expect(rows(dictionaryOf(weight))).toEqual([
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10, 11],
      ]);
    });
  });

  test('dilated taps stand apart, a shorter branch ends in zeros', () => {
    scope(() => {
      const weight = tensor([
        [
          [1, 2],
          [3, 4],
        ],
      ]);
      expect(rows(dictionaryOf(weight, { dilation: 3 }))).toEqual([[1, 0, 0, 2, 3, 0, 0, 4]]);
      const block = blockDictionary([{ weight }, { weight: weight.neg(), dilation: 2 }]);
      expect(rows(block)).toEqual([
        [1, 2, 0, 3, 4, 0],
        [-1, 0, -2, -3, 0, -4],
      ]);
    });
  });

  test('groups read inputs of their own', () => {
    scope(() => {
      const weight = tensor([[[1, 2]], [[3, 4]]]);
      expect(rows(dictionaryOf(weight, { groups: 2 }))).toEqual([
        [1, 2, 0, 0],
        [0, 0, 3, 4],
      ]);
      expect(() => dictionaryOf(weight, { groups: 3 })).toThrow(/do not divide into 3 groups/);
    });
  });

  test('two dimensions and none', () => {
    scope(() => {
      const square = tensor([
        [
          [
            [1, 2],
            [3, 4],
          ],
        ],
      ]);
      expect(rows(dictionaryOf(square, { dilation: 2 }))).toEqual([[1, 0, 2, 0, 0, 0, 3, 0, 4]]);
      expect(
        rows(
          dictionaryOf(
            tensor([
              [1, 2],
              [3, 4],
              [5, 6],
            ]),
          ),
        ),
      ).toEqual([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      expect(() => dictionaryOf(ops.ones([3]))).toThrow(/\[out, in, kernel\]/);
      expect(() => dictionaryOf(ops.ones([3, 2]), { kind: 'conv1d' })).toThrow(/3 dimensions/);
    });
  });

  test('branches read the same inputs', () => {
    scope(() => {
      const branches = [ops.ones([2, 3, 4]), ops.ones([2, 2, 4])].map((weight) => ({ weight }));
      expect(() => blockDictionary(branches)).toThrow(/different numbers of inputs/);
      expect(() => blockDictionary([])).toThrow(/not one branch/);
    });
  });

  test('an edge of a KAN is the spline that it has', () => {
    scope(() => {
      // Coefficients at the Greville points of the knots make the identity.
      const [grid, order] = [4, 2];
      const greville = Array.from(
        { length: grid + order },
        (_, i) => -1 + ((i - order + (order + 1) / 2) * 2) / grid,
      );
      const line = tensor([[greville, greville.map((x) => -2 * x)]], { dtype: 'float64' });
      const atoms = splineDictionary(line, { grid, order });
      expect(atoms.shape).toEqual([5, 2]);
      [-1, -0.5, 0, 0.5, 1].forEach((x, i) => {
        expect(atoms.select(1, 0).data('float64')[i] ?? 0).toBeCloseTo(x, 12);
      });
      expect(dictionaryMetrics(atoms).mu).toBeCloseTo(1, 12);
      expect(() => splineDictionary(line, { grid: 9, order })).toThrow(/has \[out, in, 11\]/);
    });
  });
});

describe('geometryOfModel', () => {
  test('a KAN has a row for each layer of splines', () => {
    using kan = new KAN({ layers: [6, 4], encoding: 3, grid: 5, seed: 1 });
    const { grid, order, gridRange } = kan.options;
    const layers = geometryOfModel(kan.stateDict(), { spline: { grid, order, gridRange } });
    expect(
      layers.map(({ name, kind, dimension, atoms }) => [name, kind, dimension, atoms]),
    ).toEqual([
      ['layers.0', 'spline', 6, 36],
      ['layers.1', 'spline', 6, 24],
      ['layers.2', 'spline', 6, 4],
    ]);
    expect(() => geometryOfModel(kan.stateDict())).toThrow(/give spline: \{ grid, order \}/);
  });

  test("every convolution of a FewSound is a layer, its encoder's residual units are marked", () => {
    using model = new FewSound({
      target: { kind: 'nerf', layers: [4], encoding: 2 },
      samples: 3200,
      encoder: { channels: 4, dimension: 6 },
      hidden: [8],
      universalKernel: 5,
      universalConvolutions: 1,
      seed: 1,
    });
    const layers = geometryOfModel(model.parameters());
    const first = layers.find(({ kind }) => kind === 'conv1d');
    expect(first).toMatchObject({ name: 'encoder.first.conv', dimension: 7, atoms: 4 });
    const residual = layers.filter((layer) => layer.residual);
    expect(residual).toHaveLength(12);
    expect(residual[0]?.name).toBe('encoder.blocks.0.units.0.pointwise.conv');
    expect(layers.every(({ mu }) => mu >= 0 && mu <= 1)).toBe(true);
    const { layers: heard, banks } = waveformFilters(model.parameters(), { sampleRate: 22_050 });
    expect(heard).toEqual(['encoder.first.conv']);
    expect(banks[0]?.filters.shape).toEqual([4, 7]);
    banks[0]?.filters.dispose();
  });

  test('branches of a layer are one dictionary, filled up with zeros to the longest', () => {
    scope(() => {
      const [short, long] = [
        tensor(noise(24, 1), { shape: [4, 2, 3] }),
        tensor(noise(30, 2), { shape: [3, 2, 5] }),
      ];
      const state = new Map([
        ['conv1.branches.0.weight', long],
        ['conv2.branches.0.weight', short],
        ['conv2.branches.1.conv.weight', long],
        ['other.branches.0.weight', short],
        ['other.branches.1.weight', ops.ones([2, 4, 3])],
      ]);
      const [single, block, ...others] = geometryOfModel(state);
      expect(single).toMatchObject({ name: 'conv1', kind: 'conv1d', dimension: 10, atoms: 3 });
      expect(block).toMatchObject({ name: 'conv2', kind: 'block', dimension: 10, atoms: 7 });
      expect(block?.mu).toBe(
        dictionaryMetrics(blockDictionary([{ weight: short }, { weight: long }])).mu,
      );
      // Branches that read different inputs are layers of their own.
      expect(others.map(({ kind }) => kind)).toEqual(['conv1d', 'conv1d']);
    });
  });

  test('a description says what shapes do not: groups, dilation, what is one layer', () => {
    scope(() => {
      const weight = tensor(noise(16, 4), { shape: [4, 2, 2] });
      const state = new Map([
        ['module.a.weight', weight],
        ['module.deep.a.weight', weight.neg()],
        ['square', tensor(noise(36, 5), { shape: [2, 2, 3, 3] })],
      ]);
      const layers = geometryOfModel(state, {
        model: [
          { name: 'grouped', branches: [{ weight: 'a.weight', groups: 2 }], residual: true },
          {
            name: 'both',
            branches: [{ weight: 'a.weight' }, { weight: 'deep.a.weight', dilation: 3 }],
          },
          { name: 'square', branches: [{ weight: 'square', dilation: 2 }] },
        ],
      });
      expect(
        layers.map(({ kind, dimension, atoms, residual }) => [kind, dimension, atoms, residual]),
      ).toEqual([
        ['conv1d', 8, 4, true],
        ['block', 8, 8, false],
        ['conv2d', 50, 2, false],
      ]);
      expect(layers[0]?.mu).toBe(dictionaryMetrics(dictionaryOf(weight, { groups: 2 })).mu);
      const lacking = [{ name: 'x', branches: [{ weight: 'b.weight' }] }];
      expect(() => geometryOfModel(state, { model: lacking })).toThrow(/lacks "b.weight"/);
      expect(() => geometryOfModel(state, { model: [{ name: 'x', branches: [] }] })).toThrow(
        /layers: 0.branches is an array of 0/,
      );
    });
  });

  test('gives what was asked for: layers by name, distributions, gaps', () => {
    scope(() => {
      const state = new Map([
        ['a.0.weight', matrix(5, 3)],
        ['a.1.weight', matrix(6, 4)],
        ['b.weight', matrix(3, 3)],
      ]);
      const [first, ...rest] = geometryOfModel(state, {
        layers: ['b', 'a'],
        distributions: true,
        gap: { directions: 32, steps: 4 },
      });
      expect([first, ...rest].map((layer) => layer?.name)).toEqual(['b', 'a.0', 'a.1']);
      expect(first?.eigenvalues).toHaveLength(3);
      expect(first?.babel).toHaveLength(2);
      expect(first?.gap?.betaGap).toBeGreaterThan(0);
      expect(geometryOfModel(state)[0]).not.toHaveProperty('babel');
      expect(() => geometryOfModel(state, { layers: ['c'] })).toThrow(/has a\.0, a\.1, b/);
    });
  });

  test('names what is missing of a TSSDNet, and a model without layers', () => {
    scope(() => {
      const state = new Map([['module.conv1.weight', ops.ones([2, 1, 7])]]);
      expect(() => geometryOfModel(state, { model: 'inc-tssdnet' })).toThrow(
        /lacks "DCM1.cv1.weight"/,
      );
      expect(() => geometryOfModel(state, { model: 'res-tssdnet' })).toThrow(
        /lacks "RSM1.conv1.weight"/,
      );
      expect(() => geometryOfModel(new Map([['bias', ops.ones([2])]]))).toThrow(/has no layer/);
    });
  });
});

describe('waveformFilters', () => {
  test('takes the resolutions that stand side by side', () => {
    scope(() => {
      const state = new Map([
        ['branches.0.weight', ops.ones([4, 1, 10])],
        ['branches.1.weight', ops.ones([4, 1, 30])],
        ['other.weight', ops.ones([1, 1, 9])],
        ['second.0.weight', ops.ones([4, 8, 3])],
      ]);
      const { layers } = waveformFilters(state);
      expect(layers).toEqual(['branches.0', 'branches.1']);
      expect(waveformFilters(state, { layer: 'other.weight' }).layers).toEqual(['other']);
      expect(() => waveformFilters(state, { layer: 'third' })).toThrow(
        /branches.0, branches.1, other/,
      );
      expect(() => waveformFilters(state, { layer: 'second.0' })).toThrow(/\[4, 8, 3\]/);
      expect(() => waveformFilters(new Map())).toThrow(/no convolution that reads a waveform/);
    });
  });
});

const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Columns of unit norm. */
function columnsOf(values: Tensor): number[][] {
  const columns = values.transpose().contiguous().toArray() as number[][];
  return columns.map((column) => column.map((x) => x / Math.hypot(...column)));
}
