import {
  callOperator,
  operatorSchema,
  ops,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../lib/tensor';
import { expectClose } from './expect-close';

describe('callOperator', () => {
  it.each<[string, () => unknown, unknown]>([
    ['one tensor', () => callOperator('aten::mish', [tensor([0])]), [0]],
    ['an overload', () => callOperator('aten::sub.Scalar', [tensor([5]), 2, 2]), [1]],
    ['a default left out', () => callOperator('aten::sub.Scalar', [tensor([5]), 2]), [3]],
    [
      'a default passed over',
      () => callOperator('aten::cumsum', [tensor([1, 2]), 0, undefined]),
      [1, 3],
    ],
    [
      'null for what is optional',
      () => callOperator('aten::sum.dim_IntList', [tensor([1, 2]), null]),
      3,
    ],
    ['a list of tensors', () => callOperator('aten::hstack', [[tensor([1]), tensor([2])]]), [1, 2]],
    ['a list of numbers', () => callOperator('aten::tile', [tensor([1]), [2]]), [1, 1]],
    [
      'a number for a list of fixed length',
      () => callOperator('aten::avg_pool1d', [tensor([[1, 3]]), 2]),
      [[2]],
    ],
    [
      'a list with gaps',
      () => callOperator('aten::index.Tensor', [tensor([[1, 2]]), [null, tensor([1n])]]),
      [[2]],
    ],
    ['a dtype by name', () => callOperator('aten::to.dtype', [tensor([1.5]), 'int64']), [1]],
    [
      'a string',
      () => callOperator('aten::meshgrid.indexing', [[tensor([1]), tensor([2])], 'ij']),
      [[[1]], [[2]]],
    ],
  ])('passes %s', (_, call, expected) => {
    scope(() => {
      const result = call() as Tensor | Tensor[];
      if (Array.isArray(result))
        for (const [i, each] of result.entries())
          expectClose(each, (expected as number[][])[i] as number[]);
      else expectClose(result, expected as number[]);
    });
  });

  it('returns several results as an array, and numbers as numbers', () => {
    scope(() => {
      const [values, indices] = callOperator('aten::sort', [tensor([2, 1])]) as [Tensor, Tensor];
      expectClose(values, [1, 2]);
      expectClose(indices, [1, 0]);
      expect(callOperator('aten::equal', [tensor([1]), tensor([1])])).toBe(true);
      expect(callOperator('aten::size.int', [zeros([3, 4]), 1])).toBe(4);
    });
  });

  it('records what it does', () => {
    scope(() => {
      const x = tensor([2], { requiresGrad: true });
      (callOperator('aten::square', [x]) as Tensor).sum().backward();
      expectClose(x.grad as Tensor, [4]);
    });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'an operator that does not exist',
      () => callOperator('aten::nope', []),
      /no operator "aten::nope"/,
    ],
    [
      'an overload that does not exist',
      () => callOperator('aten::sub', [zeros([1]), 1]),
      /there are .*aten::sub\.Tensor/,
    ],
    ['a name of another form', () => callOperator('torch.sub', []), /expected 'aten::name'/],
    [
      'private operators',
      () => callOperator('aten::_softmax', [zeros([1]), 0, false]),
      /inner operators/,
    ],
    [
      'operators that index by what they do not check',
      () => callOperator('aten::segment_reduce', [zeros([4]), 'sum', zeros([1])]),
      /inner operators/,
    ],
    [
      'gradients of operators',
      () => callOperator('aten::sigmoid_backward', [zeros([1]), zeros([1])]),
      /inner operators/,
    ],
    [
      'variants that write into a result',
      () => callOperator('aten::add.out', [zeros([1]), zeros([1]), 1, zeros([1])]),
      /inner operators/,
    ],
    [
      'operators that change what a tensor is',
      () => callOperator('aten::as_strided_', [zeros([4]), [1000], [0]]),
      /changes what its tensor is/,
    ],
    [
      'whole numbers that a number cannot hold',
      () => callOperator('aten::item', [tensor([2n ** 53n + 1n])]),
      /9007199254740993, is too large/,
    ],
    [
      'too few arguments',
      () => callOperator('aten::mm', [zeros([1, 1])]),
      /mat2 is missing\. Its schema: aten::mm\(/,
    ],
    [
      'too many arguments',
      () => callOperator('aten::relu', [zeros([1]), 1]),
      /takes 1 arguments, but 2/,
    ],
    [
      'an argument of a wrong type',
      () => callOperator('aten::cumsum', [zeros([1]), 'x']),
      /dim is "x"; expected a whole number/,
    ],
    [
      'a list for a tensor',
      () => callOperator('aten::relu', [[zeros([1])]]),
      /self is an array of 1; expected a Tensor/,
    ],
    [
      'types that JavaScript lacks',
      () => callOperator('aten::empty_like', [zeros([1]), null, 0]),
      /layout has the type .*does not pass/,
    ],
    [
      'results that are not ours',
      () => callOperator('aten::to.dtype', [zeros([1]), 'half']),
      /dtype is "half"/,
    ],
  ])('refuses %s', (_, call, message) => {
    expect(() => scope(call)).toThrow(message);
    expect(() => scope(call)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', operator: 'callOperator' }),
    );
  });

  it('says which dtype a result has that fewsound does not', () => {
    scope(() => {
      expect(() =>
        callOperator('aten::bucketize.Tensor', [tensor([1]), tensor([0, 2]), true]),
      ).toThrow(/dtype Int; supported are 'float32'/);
    });
  });

  it('knows schemas', () => {
    expect(operatorSchema('aten::mish')).toBe('aten::mish(Tensor self) -> Tensor');
  });
});

describe('the table of operators', () => {
  it('has every operator as a function, and those of a tensor as methods', () => {
    scope(() => {
      const x = tensor([4]);
      expectClose(ops.sqrt(x), [2]);
      expectClose(x.sqrt(), [2]);
      expect('zeros' in x).toBe(false);
      expect(Object.keys(ops).length).toBeGreaterThan(200);
    });
  });
});
