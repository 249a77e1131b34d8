import { linspace, ones, ops, scope, type Tensor, tensor } from '../../lib/tensor';
import { a } from './matrices';

describe('arguments', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    [
      'a missing one',
      () => (ops.matmul as (x: Tensor) => Tensor)(a()),
      'INVALID_ARGUMENT',
      /^matmul: other is missing; expected Tensor\.$/,
    ],
    [
      'one too many',
      () => (ops.exp as (...x: unknown[]) => Tensor)(a(), 1, 2),
      'INVALID_ARGUMENT',
      /takes 1 argument\(s\) \(input\), but 3 are given/,
    ],
    [
      'one of a wrong type',
      () => a().softmax('x' as never),
      'INVALID_ARGUMENT',
      /^softmax: dim is "x"; expected a whole number\.$/,
    ],
    ['a fraction for a dimension', () => a().softmax(0.5), 'INVALID_ARGUMENT', /dim is 0\.5/],
    [
      'a number for a tensor',
      () => a().matmul(3 as never),
      'INVALID_ARGUMENT',
      /other is 3; expected a Tensor/,
    ],
    [
      'a promise',
      () => a().matmul(Promise.resolve(1) as never),
      'INVALID_ARGUMENT',
      /did you forget to await/,
    ],
    [
      'a list with a hole',
      () => ops.cat([a(), null as never]),
      'INVALID_ARGUMENT',
      /tensors\[1\] is null; expected a Tensor/,
    ],
    [
      'an unknown name',
      () => a().sum({ axis: 1 } as never),
      'INVALID_ARGUMENT',
      /no argument "axis"; expected dim, keepdim, dtype/,
    ],
    [
      'one given twice',
      () => a().sum(1, { dim: 1 } as never),
      'INVALID_ARGUMENT',
      /dim is given twice/,
    ],
    [
      'an unknown reduction',
      () => a().l1Loss(a(), 'avg' as never),
      'INVALID_ARGUMENT',
      /expected 'none', 'mean' or 'sum'/,
    ],
    [
      'shapes that do not match',
      () => a().matmul(ones([3])),
      'SHAPE_MISMATCH',
      /Shapes given: \[2, 2\] \[3\]/,
    ],
    [
      'shapes that do not broadcast',
      () => ones([2]).add(ones([3])),
      'SHAPE_MISMATCH',
      /size of tensor a/,
    ],
    [
      'dtypes that do not match',
      () => a().matmul(ones([2, 2], { dtype: 'float64' })),
      'DTYPE_MISMATCH',
      /^matmul: /,
    ],
    [
      'a dtype that an operator lacks',
      () => ones([2, 2], 'bool').svd(),
      'DTYPE_MISMATCH',
      /^svd: /,
    ],
    ['an index out of range', () => a().select(0, 2), 'INVALID_ARGUMENT', /index 2 out of range/],
    [
      'an index tensor out of range',
      () => a().take(tensor([9n])),
      'INVALID_ARGUMENT',
      /out of range/,
    ],
  ])('%s is an error that says what is wrong', (_, call, code, message) => {
    scope(() => {
      expect(call).toThrow(message);
      expect(call).toThrow(expect.objectContaining({ name: 'FewSoundError', code }));
    });
  });

  it('an error knows the operator, the shapes, the field and the C++ stack', () => {
    scope(() => {
      const shapes = [[2, 2], [3]];
      expect(() => a().matmul(ones([3]))).toThrow(
        expect.objectContaining({ operator: 'matmul', shapes }),
      );
      expect(() => a().softmax('x' as never)).toThrow(expect.objectContaining({ field: 'dim' }));
      try {
        a().matmul(ones([3]));
      } catch (error) {
        expect((error as { nativeBacktrace: string }).nativeBacktrace).toMatch(/frame #0/);
        expect((error as Error).message).not.toMatch(/frame #0|\n/);
      }
    });
  });

  it('in order and by name are the same', () => {
    scope(() => {
      const x = linspace(0, 1, 6).reshape([2, 3]);
      expect(x.sum(1, true).equal(x.sum({ dim: 1, keepdim: true }))).toBe(true);
      expect(ops.sum(x, 1).equal(x.sum(1))).toBe(true);
      expect(x.sum(undefined).equal(x.sum())).toBe(true);
    });
  });
});
