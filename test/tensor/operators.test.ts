import { eye, linspace, ones, ops, scope, type Tensor, tensor, zeros } from '../../lib/tensor';
import { expectClose } from './expect-close';

const a = () =>
  tensor([
    [1, -2],
    [3, 0.5],
  ]);
const b = () =>
  tensor([
    [2, 1],
    [-1, 4],
  ]);

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
  [
    'matmul',
    () => a().matmul(b()),
    [
      [4, -7],
      [5.5, 5],
    ],
  ],
  [
    'matmul of a batch and a vector',
    () => ones([2, 2, 3]).matmul(tensor([1, 2, 3])),
    [
      [6, 6],
      [6, 6],
    ],
  ],
  ['bmm', () => ones([2, 1, 2]).bmm(ones([2, 2, 1])), [[[2]], [[2]]]],
  ['dot', () => tensor([1, 2]).dot(tensor([3, 4])), 11],
  [
    'outer',
    () => tensor([1, 2]).outer(tensor([3, 4])),
    [
      [3, 4],
      [6, 8],
    ],
  ],
  [
    'einsum',
    () => ops.einsum('ij,kj->ik', [a(), b()]),
    [
      [0, -9],
      [6.5, -1],
    ],
  ],
  ['solve', () => b().solve(tensor([4, 7])), [1, 2]],
  [
    'inv',
    () =>
      tensor([
        [2, 0],
        [0, 4],
      ]).inv(),
    [
      [0.5, 0],
      [0, 0.25],
    ],
  ],
  ['det', () => a().det(), 6.5],
  [
    'eigh',
    () =>
      tensor([
        [2, 1],
        [1, 2],
      ]).eigh().eigenvalues,
    [1, 3],
  ],
  [
    'eigvalsh',
    () =>
      tensor([
        [2, 1],
        [1, 2],
      ]).eigvalsh(),
    [1, 3],
  ],
  [
    'svdvals',
    () =>
      tensor([
        [3, 0],
        [0, -4],
      ]).svdvals(),
    [4, 3],
  ],
  [
    'cholesky',
    () =>
      tensor([
        [4, 2],
        [2, 5],
      ]).cholesky(),
    [
      [2, 0],
      [1, 2],
    ],
  ],
  [
    'matrixNorm',
    () =>
      tensor([
        [3, 0],
        [4, 0],
      ]).matrixNorm(),
    5,
  ],
  [
    'lstsq',
    () =>
      tensor([
        [1, 0],
        [1, 1],
        [1, 2],
      ]).lstsq(tensor([[1], [3], [5]])),
    [[1], [2]],
  ],
  [
    'fft',
    () => tensor([1, 0, -1, 0]).fft(),
    [
      [0, 0],
      [2, 0],
      [0, 0],
      [2, 0],
    ],
  ],
  [
    'rfft',
    () => tensor([1, 2, 3, 4]).rfft(),
    [
      [10, 0],
      [-2, 2],
      [-2, 0],
    ],
  ],
  [
    'rfft, orthonormal',
    () => tensor([1, 1]).rfft({ norm: 'ortho' }),
    [
      [Math.SQRT2, 0],
      [0, 0],
    ],
  ],
  [
    'real and imag',
    () => ops.stack([tensor([1, 2]).fft().real(), tensor([1, 2]).fft().imag()]),
    [
      [3, -1],
      [0, 0],
    ],
  ],
  ['viewAsReal', () => tensor([[1, 2]], { dtype: 'complex64' }).viewAsReal(), [[1, 2]]],
  ['viewAsComplex', () => tensor([1, 2]).viewAsComplex(), [1, 2]],
  [
    'abs and angle of complex',
    () => tensor([[0, 2]], { dtype: 'complex64' }).angle(),
    [Math.PI / 2],
  ],
  ['linear', () => tensor([1, 2]).linear(a(), tensor([10, 20])), [7, 24]],
  [
    'conv1d',
    () => tensor([[[1, 2, 3, 4]]]).conv1d(tensor([[[1, -1]]]), { stride: 2 }),
    [[[-1, -1]]],
  ],
  [
    'conv1d with bias and padding',
    () => tensor([[[1, 2]]]).conv1d(tensor([[[1, 1, 1]]]), { bias: tensor([1]), padding: 1 }),
    [[[4, 4]]],
  ],
  [
    'convTranspose1d',
    () => tensor([[[1, 2]]]).convTranspose1d(tensor([[[1, 1]]]), { stride: 2 }),
    [[[1, 1, 2, 2]]],
  ],
  ['conv2d', () => ones([1, 1, 2, 2]).conv2d(ones([1, 1, 2, 2])), [[[[4]]]]],
  ['maxPool1d', () => tensor([[[1, 3, 2, 5]]]).maxPool1d(2), [[[3, 5]]]],
  ['avgPool1d', () => tensor([[[1, 3, 2, 5]]]).avgPool1d(2), [[[2, 3.5]]]],
  ['layerNorm', () => tensor([[1, 3]]).layerNorm([2], { epsilon: 0 }), [[-1, 1]]],
  ['groupNorm', () => tensor([[[1, 3]]]).groupNorm(1, { epsilon: 0 }), [[[-1, 1]]]],
  [
    'dropout, not in training',
    () => a().dropout(0.5, false),
    [
      [1, -2],
      [3, 0.5],
    ],
  ],
  ['l1Loss', () => tensor([1, 3]).l1Loss(tensor([0, 0])), 2],
  ['mseLoss, summed', () => tensor([1, 3]).mseLoss(tensor([0, 0]), 'sum'), 10],
  [
    'smoothL1Loss',
    () => tensor([0.5, 2]).smoothL1Loss(tensor([0, 0]), { reduction: 'none' }),
    [0.125, 1.5],
  ],
  [
    'crossEntropyLoss',
    () => tensor([[0, Math.log(3)]]).crossEntropyLoss(tensor([1n])),
    Math.log(4 / 3),
  ],
  ['bceLoss', () => tensor([0.25]).bceLoss(tensor([1])), Math.log(4)],
  ['bceWithLogitsLoss', () => tensor([0]).bceWithLogitsLoss(tensor([1])), Math.LN2],
  ['to another dtype', () => tensor([1.9, -1.9]).to('int64'), [1, -1]],
  ['whole numbers keep int64', () => tensor([1n]).add(2), [3]],
];

describe('operators agree with values worked out by hand', () => {
  it.each(cases)('%s', (_, compute, expected) => {
    scope(() => expectClose(compute(), expected as number));
  });
});

describe('operators agree with closed forms', () => {
  it('the singular value decomposition multiplies back', () => {
    scope(() => {
      const x = ops.randn([5, 3], { dtype: 'float64' });
      const { U, S, Vh } = x.svd();
      expect(U.matmul(S.diag()).matmul(Vh).allclose(x)).toBe(true);
      expect(
        U.transpose()
          .matmul(U)
          .allclose(eye(3, { dtype: 'float64' })),
      ).toBe(true);
    });
  });

  it('Q·R is the matrix', () => {
    scope(() => {
      const x = ops.randn([4, 4], { dtype: 'float64' });
      const { Q, R } = x.qr();
      expect(Q.matmul(R).allclose(x)).toBe(true);
    });
  });

  it('a sine has one line in its spectrum', () => {
    scope(() => {
      const n = 64;
      const t = ops.arange(0, n, { dtype: 'float64' });
      const spectrum = t
        .mul((2 * Math.PI * 5) / n)
        .sin()
        .rfft()
        .abs();
      expect(spectrum.argmax().item()).toBe(5);
      expect(spectrum.max().item()).toBeCloseTo(n / 2, 9);
      expect(spectrum.sum().item()).toBeCloseTo(n / 2, 9);
    });
  });

  it('hfft and ihfft undo each other', () => {
    scope(() => {
      const x = ops.randn([9], { dtype: 'float64' });
      expect(x.ihfft().hfft(9).allclose(x)).toBe(true);
    });
  });

  it('istft undoes stft', () => {
    scope(() => {
      const x = ops.randn([1, 1000], { dtype: 'float64' });
      const window = ops.hannWindow(64, { dtype: 'float64' });
      const spectrum = x.stft(64, { hop: 16, window });
      expect(spectrum.shape).toEqual([1, 33, 63]);
      expect(spectrum.istft(64, { hop: 16, window, length: 1000 }).allclose(x)).toBe(true);
    });
  });

  it('stft with the rectangular window is the Fourier transform of each frame', () => {
    scope(() => {
      const x = ops.randn([16], { dtype: 'float64' });
      const frames = x.stft(8, { hop: 4, center: false }); // [5, 3]
      expect(frames.select(1, 1).allclose(x.narrow(0, 4, 8).rfft())).toBe(true);
    });
  });

  it('batchNorm in training normalises each channel and updates the running statistics in place', () => {
    scope(() => {
      const x = ops.randn([50, 2, 20]).mul(3).add(7);
      const [mean, variance] = [zeros([2]), ones([2])];
      const y = x.batchNorm(mean, variance, { training: true, momentum: 1 });
      expectClose(y.mean([0, 2]), [0, 0]);
      expectClose(mean, x.mean([0, 2]).toArray(), 1e-4);
    });
  });

  it('dropout scales what it lets through', () => {
    scope(() => {
      const y = ones([10_000]).dropout(0.25);
      expect(y.max().item()).toBeCloseTo(4 / 3, 5);
      expect(y.mean().item()).toBeCloseTo(1, 1);
    });
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
