import {
  arange,
  eye,
  full,
  Generator,
  linspace,
  manualSeed,
  ones,
  ops,
  rand,
  randint,
  randn,
  scope,
  type TensorLike,
  type TensorOptions,
  tensor,
  zeros,
} from '../../lib/tensor';

describe('tensor()', () => {
  it.each<[string, TensorLike, TensorOptions, string, number[], unknown]>([
    ['a number', 2.5, {}, 'float32', [], 2.5],
    [
      'lists of numbers',
      [
        [1, 2],
        [3, 4],
      ],
      {},
      'float32',
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['booleans', [true, false], {}, 'bool', [2], [true, false]],
    ['bigints', [1n, -2n], {}, 'int64', [2], [1, -2]],
    ['an empty list', [], {}, 'float32', [0], []],
    ['an empty list in a list', [[]], {}, 'float32', [1, 0], [[]]],
    ['numbers as int64', [1, 2], { dtype: 'int64' }, 'int64', [2], [1, 2]],
    ['numbers as bool', [0, 3], { dtype: 'bool' }, 'bool', [2], [false, true]],
    [
      'pairs as complex',
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'complex64' },
      'complex64',
      [2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['Float64Array', Float64Array.of(1, 2), {}, 'float64', [2], [1, 2]],
    [
      'Float16Array, which not every Node has',
      Object.defineProperty(Uint8Array.of(1, 2), Symbol.toStringTag, { value: 'Float16Array' }),
      {},
      'float32',
      [2],
      [1, 2],
    ],
    [
      'Float64Array as float32',
      Float64Array.of(1, 2),
      { dtype: 'float32' },
      'float32',
      [2],
      [1, 2],
    ],
    ['Int16Array', Int16Array.of(-1, 2), {}, 'int64', [2], [-1, 2]],
    ['Uint8Array as bool', Uint8Array.of(0, 7), { dtype: 'bool' }, 'bool', [2], [false, true]],
    [
      'a shape',
      Float32Array.of(1, 2, 3, 4),
      { shape: [2, 2] },
      'float32',
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'interleaved complex',
      Float32Array.of(1, 2, 3, 4),
      { dtype: 'complex64' },
      'complex64',
      [2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])('takes %s', (_, data, options, dtype, shape, elements) => {
    using made = tensor(data, options);
    expect(made.dtype).toBe(dtype);
    expect(made.shape).toEqual(shape);
    expect(made.toArray()).toEqual(elements);
  });

  it('copies its data', () => {
    const data = Float32Array.of(1, 2);
    using made = tensor(data);
    data[0] = 9;
    expect(made.toArray()).toEqual([1, 2]);
  });

  it.each<[string, TensorLike, TensorOptions, string, RegExp]>([
    ['ragged lists', [[1, 2], [3]] as TensorLike, {}, 'SHAPE_MISMATCH', /not of equal lengths/],
    ['lists and numbers', [[1], 2] as TensorLike, {}, 'SHAPE_MISMATCH', /not of equal lengths/],
    ['a string inside', ['1'] as never, {}, 'INVALID_ARGUMENT', /contains a string/],
    ['mixed kinds', [1, true] as never, {}, 'INVALID_ARGUMENT', /mixes number and boolean/],
    [
      'a fraction as int64',
      [1.5],
      { dtype: 'int64' },
      'INVALID_ARGUMENT',
      /1\.5, which is not an int64/,
    ],
    ['a number beyond int64', [2n ** 63n], {}, 'INVALID_ARGUMENT', /not an int64/],
    [
      'an unknown dtype',
      [1],
      { dtype: 'float16' as never },
      'INVALID_ARGUMENT',
      /dtype is float16/,
    ],
    ['an unknown device', [1], { device: 'tpu' as never }, 'INVALID_ARGUMENT', /device is "tpu"/],
    ['another number of elements', [1, 2, 3], { shape: [2, 2] }, 'SHAPE_MISMATCH', /needs 4/],
    ['a negative size', [1], { shape: [-1] }, 'INVALID_ARGUMENT', /size -1/],
    ['a shape of fractions', [1], { shape: [0.5] }, 'INVALID_ARGUMENT', /shape\[0\] is 0\.5/],
    ['halves of complex numbers', [1, 2, 3], { dtype: 'complex64' }, 'SHAPE_MISMATCH', /pairs/],
    ['gradients of int64', [1n], { requiresGrad: true }, 'DTYPE_MISMATCH', /has no gradient/],
  ])('refuses %s', (_, data, options, code, message) => {
    expect(() => scope(() => tensor(data, options))).toThrow(expect.objectContaining({ code }));
    expect(() => scope(() => tensor(data, options))).toThrow(message);
  });

  it('says so where a CUDA device is asked for and there is none', () => {
    expect(() => tensor([1], { device: 'cuda:63' })).toThrow(
      expect.objectContaining({ code: 'DEVICE_UNAVAILABLE', field: 'device' }),
    );
  });
});

describe('operators that create', () => {
  it.each([
    [
      'zeros',
      () => zeros([2, 2]),
      [
        [0, 0],
        [0, 0],
      ],
    ],
    ['ones', () => ones([2]), [1, 1]],
    ['full', () => full([2], -0.5), [-0.5, -0.5]],
    ['arange', () => arange(1, 2, 0.25), [1, 1.25, 1.5, 1.75]],
    ['linspace', () => linspace(-1, 1, 5), [-1, -0.5, 0, 0.5, 1]],
    [
      'eye',
      () => eye(2, 3),
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ],
    ['hannWindow', () => ops.hannWindow(4), [0, 0.5, 1, 0.5]],
    ['hannWindow, symmetric', () => ops.hannWindow(3, { periodic: false }), [0, 1, 0]],
  ])('%s', (_, make, expected) => {
    using made = make();
    expect(made.dtype).toBe('float32');
    expect(made.toArray()).toEqual(expected);
  });

  it('take dtype, device and requiresGrad by name', () => {
    using made = zeros([2], { dtype: 'float64', requiresGrad: true });
    expect([made.dtype, made.device, made.requiresGrad]).toEqual(['float64', 'cpu', true]);
  });

  it.each([
    ['2^40 elements', () => zeros([2 ** 40])],
    ['2^40 elements by another way', () => ops.hannWindow(2 ** 40)],
    ['more elements than can be counted', () => zeros([2 ** 40, 2 ** 40])],
  ])('refuse %s instead of taking the machine down', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
  });

  it('refuse a negative size', () => {
    expect(() => zeros([-1])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('random numbers', () => {
  const draw = (make: () => ReturnType<typeof rand>) => {
    using made = make();
    return made.toArray();
  };

  it('repeat with manualSeed', () => {
    manualSeed(5);
    const first = draw(() => randn([8]));
    manualSeed(5);
    expect(draw(() => randn([8]))).toEqual(first);
    expect(draw(() => randn([8]))).not.toEqual(first);
  });

  it('of a Generator depend on its seed alone', () => {
    const first = draw(() => rand([8], { generator: new Generator(3) }));
    manualSeed(1);
    draw(() => rand([100]));
    expect(draw(() => rand([8], { generator: new Generator(3) }))).toEqual(first);
    expect(draw(() => rand([8], { generator: new Generator(4) }))).not.toEqual(first);
  });

  it('have the moments of their distributions', () => {
    const generator = new Generator(1);
    scope(() => {
      const uniform = rand([20_000], { generator });
      expect(uniform.mean().item()).toBeCloseTo(1 / 2, 1.5);
      expect(uniform.var().item()).toBeCloseTo(1 / 12, 2);
      const normal = randn([20_000], { generator });
      expect(normal.mean().item()).toBeCloseTo(0, 1);
      expect(normal.std().item()).toBeCloseTo(1, 1);
      const whole = randint(-2, 3, [5000], { generator });
      expect([whole.dtype, whole.min().item(), whole.max().item()]).toEqual(['int64', -2, 2]);
    });
  });

  it('refuse a seed that is none', () => {
    expect(() => manualSeed(-1)).toThrow(/seed is -1; expected a whole number, 0 or more/);
    expect(() => new Generator(0.5)).toThrow(/seed is 0\.5/);
  });
});
