// Arithmetic, functions of each element, comparison, reductions, shapes, indexing, and writing in
// place.
import { ones, ops, scope, type Tensor, tensor, zeros } from '../../lib/tensor';
import { expectClose } from './expect-close';
import { a, b } from './matrices';

const cases: [string, () => Tensor, unknown][] = [
  [
    'add with alpha',
    () => a().add(b(), 2),
    [
      [5, 0],
      [1, 8.5],
    ],
  ],
  [
    'add a number',
    () => a().add(1),
    [
      [2, -1],
      [4, 1.5],
    ],
  ],
  [
    'sub broadcast',
    () => a().sub(tensor([1, 2])),
    [
      [0, -4],
      [2, -1.5],
    ],
  ],
  [
    'mul',
    () => a().mul(b()),
    [
      [2, -2],
      [-3, 2],
    ],
  ],
  [
    'div',
    () => a().div(2),
    [
      [0.5, -1],
      [1.5, 0.25],
    ],
  ],
  [
    'div rounded down',
    () => a().div(2, { rounding: 'floor' }),
    [
      [0, -1],
      [1, 0],
    ],
  ],
  ['remainder', () => tensor([-3, 3]).remainder(2), [1, 1]],
  [
    'pow',
    () => a().pow(2),
    [
      [1, 4],
      [9, 0.25],
    ],
  ],
  [
    'maximum',
    () => a().maximum(b()),
    [
      [2, 1],
      [3, 4],
    ],
  ],
  [
    'lerp',
    () => a().lerp(b(), 0.5),
    [
      [1.5, -0.5],
      [1, 2.25],
    ],
  ],
  [
    'addcmul',
    () => a().addcmul(b(), b(), 0.5),
    [
      [3, -1.5],
      [3.5, 8.5],
    ],
  ],
  [
    'abs',
    () => a().abs(),
    [
      [1, 2],
      [3, 0.5],
    ],
  ],
  [
    'sign',
    () => a().sign(),
    [
      [1, -1],
      [1, 1],
    ],
  ],
  ['sqrt', () => tensor([4, 2.25]).sqrt(), [2, 1.5]],
  [
    'exp and log',
    () => a().exp().log(),
    [
      [1, -2],
      [3, 0.5],
    ],
  ],
  ['sigmoid', () => tensor([0, 100, -100]).sigmoid(), [0.5, 1, 0]],
  [
    'relu',
    () => a().relu(),
    [
      [1, 0],
      [3, 0.5],
    ],
  ],
  ['elu', () => tensor([1, -1]).elu(), [1, Math.exp(-1) - 1]],
  ['silu', () => tensor([0, 1]).silu(), [0, 1 / (1 + Math.exp(-1))]],
  [
    'clamp',
    () => a().clamp(-1, 1),
    [
      [1, -1],
      [1, 0.5],
    ],
  ],
  [
    'clamp below only',
    () => a().clamp({ min: 0 }),
    [
      [1, 0],
      [3, 0.5],
    ],
  ],
  [
    'gt',
    () => a().gt(0.75),
    [
      [true, false],
      [true, false],
    ],
  ],
  [
    'where',
    () => ops.where(a().gt(0), a(), 0),
    [
      [1, 0],
      [3, 0.5],
    ],
  ],
  ['softmax', () => tensor([0, Math.log(3)]).softmax(0), [0.25, 0.75]],
  ['sum of all', () => a().sum(), 2.5],
  ['sum of a dimension', () => a().sum(0), [4, -1.5]],
  ['sum kept', () => a().sum({ dim: 1, keepdim: true }), [[-1], [3.5]]],
  ['mean of two dimensions', () => ones([2, 3, 4]).mean([0, 2]), [1, 1, 1]],
  ['var', () => tensor([1, 2, 3, 4]).var(), 5 / 3],
  ['var without correction', () => tensor([1, 2, 3, 4]).var({ correction: 0 }), 1.25],
  ['std', () => tensor([1, 3]).std(), Math.SQRT2],
  ['max', () => a().max(1), [1, 3]],
  ['min of all', () => a().min(), -2],
  ['argmax', () => a().argmax(), 2],
  ['argmin of a dimension', () => a().argmin(1), [1, 1]],
  ['median', () => tensor([3, 1, 2]).median(0).values, 2],
  ['prod', () => a().prod(), -3],
  ['norm', () => tensor([3, 4]).norm(), 5],
  ['norm of order 1', () => tensor([3, -4]).norm(1), 7],
  ['logsumexp', () => tensor([1000, 1000]).logsumexp(0), 1000 + Math.LN2],
  ['cumsum', () => tensor([1, 2, 3]).cumsum(0), [1, 3, 6]],
  ['diff', () => tensor([1, 4, 9]).diff(), [3, 5]],
  ['quantile', () => tensor([1, 2, 3, 4]).quantile(0.5), 2.5],
  ['reshape', () => a().reshape([-1]), [1, -2, 3, 0.5]],
  [
    'permute',
    () => a().permute([1, 0]),
    [
      [1, 3],
      [-2, 0.5],
    ],
  ],
  [
    'transpose',
    () => a().transpose(),
    [
      [1, 3],
      [-2, 0.5],
    ],
  ],
  [
    'unsqueeze and squeeze',
    () => a().unsqueeze(0).squeeze(0),
    [
      [1, -2],
      [3, 0.5],
    ],
  ],
  [
    'expand',
    () => tensor([[1], [2]]).expand([2, 3]),
    [
      [1, 1, 1],
      [2, 2, 2],
    ],
  ],
  [
    'flip',
    () => a().flip(0),
    [
      [3, 0.5],
      [1, -2],
    ],
  ],
  ['roll', () => tensor([1, 2, 3]).roll(1), [3, 1, 2]],
  [
    'cat',
    () => ops.cat([a(), b()], 1),
    [
      [1, -2, 2, 1],
      [3, 0.5, -1, 4],
    ],
  ],
  [
    'stack',
    () => ops.stack([tensor([1, 2]), tensor([3, 4])], 1),
    [
      [1, 3],
      [2, 4],
    ],
  ],
  ['split', () => tensor([1, 2, 3, 4, 5]).split(2)[2] as Tensor, [5]],
  ['split by sizes', () => tensor([1, 2, 3, 4, 5]).split([4, 1])[1] as Tensor, [5]],
  ['chunk', () => tensor([1, 2, 3, 4]).chunk(2)[1] as Tensor, [3, 4]],
  ['pad by reflection', () => tensor([[1, 2, 3]]).pad([2, 1], 'reflect'), [[3, 2, 1, 2, 3, 2]]],
  ['pad by a constant', () => tensor([1]).pad([1, 2], { value: 7 }), [7, 1, 7, 7]],
  [
    'unfold',
    () => tensor([1, 2, 3, 4]).unfold(0, 2, 1),
    [
      [1, 2],
      [2, 3],
      [3, 4],
    ],
  ],
  ['select', () => a().select(1, -1), [-2, 0.5]],
  ['narrow', () => tensor([1, 2, 3, 4]).narrow(0, 1, 2), [2, 3]],
  ['slice', () => tensor([1, 2, 3, 4, 5]).slice(0, { start: -4, step: 2 }), [2, 4]],
  [
    'indexSelect',
    () => a().indexSelect(0, tensor([1n, 0n])),
    [
      [3, 0.5],
      [1, -2],
    ],
  ],
  ['gather', () => a().gather(1, tensor([[1n], [0n]])), [[-2], [3]]],
  ['scatter', () => zeros([3]).scatter(0, tensor([2n]), tensor([5])), [0, 0, 5]],
  ['scatter a number', () => zeros([3]).scatter(0, tensor([2n]), 5), [0, 0, 5]],
  ['maskedSelect', () => a().maskedSelect(a().lt(0)), [-2]],
  ['take', () => a().take(tensor([3n, 0n])), [0.5, 1]],
  ['sort', () => tensor([3, 1, 2]).sort().values, [1, 2, 3]],
  ['sort, where from', () => tensor([3, 1, 2]).sort({ descending: true }).indices, [0, 2, 1]],
  ['topk', () => tensor([3, 1, 2]).topk(2).values, [3, 2]],
  ['searchsorted', () => ops.searchsorted(tensor([1, 3, 5]), tensor([3, 6])), [1, 3]],
  ['oneHot', () => tensor([1n]).oneHot(3), [[0, 1, 0]]],
  ['to another dtype', () => tensor([1.9, -1.9]).to('int64'), [1, -1]],
  ['whole numbers keep int64', () => tensor([1n]).add(2), [3]],
];

describe('operators agree with values worked out by hand', () => {
  it.each(cases)('%s', (_, compute, expected) => {
    scope(() => expectClose(compute(), expected as number));
  });
});

describe('operators in place', () => {
  it('change the tensor, its views, and return it', () => {
    scope(() => {
      const x = zeros([2, 2]);
      const row = x.select(0, 1);
      expect(x.add_(1)).toBe(x);
      expect(row.mul_(3)).toBe(row);
      expectClose(x, [
        [1, 1],
        [3, 3],
      ]);
      x.copy_(tensor([5, 6]))
        .sub_(1)
        .div_(2);
      expectClose(x, [
        [2, 2.5],
        [2, 2.5],
      ]);
      expectClose(x.zero_(), [
        [0, 0],
        [0, 0],
      ]);
    });
  });

  it('refuse a leaf that requires a gradient', () => {
    scope(() => {
      const x = zeros([2], { requiresGrad: true });
      expect(() => x.add_(1)).toThrow(/leaf Variable that requires grad/);
    });
  });
});
