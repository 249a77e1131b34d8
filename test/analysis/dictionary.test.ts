import {
  blockDictionary,
  dictionaryMetrics,
  dictionaryOf,
  splineDictionary,
} from '../../lib/analysis';
import { ops, scope, type Tensor, tensor } from '../../lib/tensor';

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
      expect(() => blockDictionary([])).toThrow(/at least one branch/);
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
