import { arange, memory, ops, scope, type Tensor, tensor, zeros } from '../../lib/tensor';
import { run } from '../binding/run-node';

const bytes = () => memory().bytes.cpu ?? 0;

describe('memory()', () => {
  it('counts tensors, and their memory once however many views share it', () => {
    const before = memory();
    scope(() => {
      const x = zeros([1000], 'float64');
      const start = bytes();
      const views = [x.reshape([10, 100]), x.narrow(0, 5, 10), x.detach(), x.expand([2, 1000])];
      expect(memory().tensors).toBe(before.tensors + 1 + views.length);
      expect(bytes()).toBe(start);
      x.dispose();
      expect(bytes()).toBe(start);
      for (const view of views) view.dispose();
      expect(bytes()).toBe(start - 8000);
    });
    expect(memory()).toEqual(before);
  });

  it('counts what is in use by element size', () => {
    const before = bytes();
    scope(() => {
      zeros([10]);
      zeros([10], 'int64');
      zeros([10], 'bool');
      zeros([10], 'complex64');
      expect(bytes() - before).toBe(40 + 80 + 10 + 80);
    });
  });
});

describe('data()', () => {
  it('lies over the memory of a contiguous tensor', () => {
    scope(() => {
      const x = zeros([2, 2]);
      const data = x.data('float32');
      data[3] = 5;
      expect(x.toArray()).toEqual([
        [0, 0],
        [0, 5],
      ]);
      x.add_(1);
      expect([...data]).toEqual([1, 1, 1, 6]);
      expect(x.data().buffer).toBe(data.buffer);
    });
  });

  it('of a contiguous part lies over that part', () => {
    scope(() => {
      const x = arange(0, 10);
      const data = x.narrow(0, 4, 3).data('float32');
      expect([...data]).toEqual([4, 5, 6]);
      data[0] = -1;
      expect(x.select(0, 4).item()).toBe(-1);
    });
  });

  it.each<[string, () => Tensor, number[]]>([
    [
      'a transposed',
      () =>
        tensor([
          [1, 2],
          [3, 4],
        ]).transpose(),
      [1, 3, 2, 4],
    ],
    ['an expanded', () => tensor([7]).expand([3]), [7, 7, 7]],
    ['a strided', () => arange(0, 6).slice(0, { step: 2 }), [0, 2, 4]],
    ['a conjugated', () => tensor([[1, 2]], { dtype: 'complex64' }).conj(), [1, -2]],
    [
      'the imaginary part of a conjugated',
      () =>
        tensor([[1, 2]], { dtype: 'complex64' })
          .conj()
          .imag(),
      [-2],
    ],
    ['an empty', () => zeros([0, 3]), []],
  ])('of %s tensor is a copy in row-major order', (_, make, expected) => {
    scope(() => {
      const x = make();
      const data = x.data();
      expect([...data].map(Number)).toEqual(expected);
      data.fill(0 as never);
      expect([...x.data()].map(Number)).toEqual(expected);
    });
  });

  it('has the array type of the dtype', () => {
    scope(() => {
      const classes = (
        ['float32', 'float64', 'int64', 'bool', 'complex64', 'complex128'] as const
      ).map((dtype) => [
        ops.ones([2], dtype).data().constructor.name,
        ops.ones([2], dtype).data().length,
      ]);
      expect(classes).toEqual([
        ['Float32Array', 2],
        ['Float64Array', 2],
        ['BigInt64Array', 2],
        ['Uint8Array', 2],
        ['Float32Array', 4],
        ['Float64Array', 4],
      ]);
      expect(() => zeros([1]).data('float64')).toThrow(/the tensor is float32, not float64/);
    });
  });

  it('stays valid after dispose', () => {
    const x = tensor([1, 2, 3]);
    const data = x.data('float32');
    x.dispose();
    scope(() => {
      for (let i = 0; i < 100; i++) ops.full([3], 4);
    });
    expect([...data]).toEqual([1, 2, 3]);
  });
});

describe('the collector', () => {
  it('frees tensors and typed arrays that nobody holds, and keeps those that somebody does', async () => {
    await expect(run('collector.cjs', [], ['--expose-gc'])).resolves.toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});

describe('item and toArray', () => {
  it('give numbers; complex ones as pairs, booleans as booleans', () => {
    scope(() => {
      expect(tensor([1.5]).item()).toBe(1.5);
      expect(tensor([3n]).item()).toBe(3);
      expect(tensor(true).item()).toBe(1);
      expect(tensor(true).toArray()).toBe(true);
      expect(tensor([[1, 2]], { dtype: 'complex128' }).toArray()).toEqual([[1, 2]]);
      expect(zeros([2, 0, 3]).toArray()).toEqual([[], []]);
    });
  });

  it.each<[string, () => unknown, string]>([
    ['several elements', () => zeros([2]).item(), 'SHAPE_MISMATCH'],
    ['no element', () => zeros([0]).item(), 'SHAPE_MISMATCH'],
    ['a complex element', () => tensor([[1, 2]], { dtype: 'complex64' }).item(), 'DTYPE_MISMATCH'],
    ['an int64 beyond numbers', () => tensor([2n ** 60n + 1n]).item(), 'INVALID_ARGUMENT'],
    [
      'int64 beyond numbers in a list',
      () => tensor([2n ** 60n + 1n]).toArray(),
      'INVALID_ARGUMENT',
    ],
  ])('refuse %s', (_, read, code) => {
    expect(() => scope(read)).toThrow(expect.objectContaining({ code }));
  });
});
