// Linear algebra, Fourier transforms, what networks are made of, and losses.
import { eye, ones, ops, scope, type Tensor, tensor, zeros } from '../../lib/tensor';
import { expectClose } from './expect-close';
import { a, b } from './matrices';

const cases: [string, () => Tensor, unknown][] = [
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
      const one = () => ones([1, 2]).batchNorm(mean, variance, { training: true });
      expect(one).toThrow(/more than one value/);
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
