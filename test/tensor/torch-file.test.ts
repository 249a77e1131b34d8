import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  readSafetensors,
  readTorchFile,
  scope,
  type Tensor,
  TensorReference,
  tensor,
} from '../../lib/tensor';

const at = (name: string) => join(__dirname, 'torch-files', name);

interface Expected {
  readonly dtype: string;
  readonly shape: number[];
  readonly strides: number[];
  readonly elements: (number | boolean | string)[];
}

const expected: Record<string, Record<string, Expected>> = JSON.parse(
  readFileSync(at('expected.json'), 'utf8'),
);

/** What fewsound makes of PyTorch's dtypes. */
const dtypes: Record<string, string> = {
  float16: 'float32',
  bfloat16: 'float32',
  int8: 'int64',
  uint8: 'int64',
  int16: 'int64',
  uint16: 'int64',
  int32: 'int64',
};

const sharedFolder = join(__dirname, '..', '..', '..', 'shared', 'data', 'tssdnet');
const testShared = existsSync(sharedFolder) ? test : test.skip;

describe('readTorchFile', () => {
  test.each(Object.keys(expected))('has in %s what PyTorch has, to the last bit', async (name) => {
    await scope(async () => {
      const { tensors } = await readTorchFile(at(name));
      const known = expected[name] as Record<string, Expected>;
      expect([...tensors.keys()]).toEqual(Object.keys(known));
      for (const [path, { dtype, shape, strides, elements }] of Object.entries(known)) {
        const read = tensors.get(path) as Tensor;
        expect({ path, dtype: read.dtype, shape: read.shape }).toEqual({
          path,
          dtype: dtypes[dtype] ?? dtype,
          shape,
        });
        if (read.size > 0) expect({ path, strides: read.strides }).toEqual({ path, strides });
        const values = [read.toArray()].flat(9);
        expect({ path, values }).toEqual({
          path,
          values: elements.map((each) =>
            typeof each === 'string' ? Number(each.replace('inf', 'Infinity')) : each,
          ),
        });
      }
    });
  });

  test.each([
    'checkpoint_2.pth',
    'checkpoint_4.pth',
    'checkpoint_5.pth',
    'checkpoint_legacy.pth',
    'checkpoint_legacy_4.pth',
  ])('has the other values of %s as plain data', async (name) => {
    const values = await scope(async () => (await readTorchFile(at(name))).values);
    expect(values).toMatchObject({
      model_state_dict: { '0.weight': new TensorReference('model_state_dict.0.weight') },
      optimizer: { param_groups: [{ betas: [expect.any(Number), 0.999], params: [0, 1, 2, 3] }] },
      schedule: { total_steps: 10, _anneal_func_type: 'cos' },
      epoch: 12,
      loss: 0.1,
      best: null,
      done: false,
      infinite: Number.POSITIVE_INFINITY,
      seed: 2n ** 63n + 11n,
      negative: -300,
      name: 'größer',
      history: [0.5, 0.25, [1, 2]],
      shape: [2, 3],
      device: 'cuda:1',
      dtype: 'torch.float16',
      raw: new Uint8Array([0, 255, 33]),
      1: 'one',
    });
    expect(Object.hasOwn(values as object, '__proto__')).toBe(true);
    expect((values as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each(['numpy.pth', 'numpy_4.pth'])('has numbers of NumPy in %s as numbers', async (name) => {
    expect((await readTorchFile(at(name))).values).toEqual({
      float64: 0.1,
      float32: 0.5,
      float16: 1.5,
      int64: -5,
      uint8: 200,
      bool: true,
      big: 258,
    });
  });

  test.each(['containers.pth', 'containers_legacy.pth', 'containers_5.pth'])(
    'has every container of %s that torch.load has, as plain data',
    async (name) => {
      const values = await scope(async () => (await readTorchFile(at(name))).values);
      expect(values).toMatchObject({
        lr_schedulers: [{ milestones: { 30: 2, 80: 1 }, gamma: 0.1, last_epoch: 0 }],
        callbacks: { seen: [1, 2, 3], names: ['a'], nothing: [] },
        counts: { a: 5, b: 2, r: 2, c: 1, d: 1 },
        ordered: { b: 1, a: 2 },
        complex: [1.5, -2],
        state: new Uint8Array([0, 255, 97, 98]),
        empty: new Uint8Array(),
        size: [2, 3],
        layout: 'torch.sparse_coo',
        scheme: 'torch.per_tensor_affine',
        dtypes: ['torch.float8_e4m3fn', 'torch.uint64'],
        keys: { '(1, a)': 1, None: 2, c: 3, 1.5: 4, 'torch.float32': 5, '(2,)': 6 },
        in_a_set: [new TensorReference('in_a_set.0')],
      });
    },
  );

  test.each(['more_containers.pth', 'more_containers_4.pth'])(
    'has plain containers of %s that torch.load refuses',
    async (name) => {
      const values = await scope(async () => (await readTorchFile(at(name))).values);
      expect(values).toEqual({
        missing: { a: [new TensorReference('missing.a.0')] },
        frozen: [1],
        bytes: new Uint8Array(),
        nested: {},
      });
    },
  );

  test.each([
    ['qint8', /dtype qint8.*dequantize/],
    ['float8_e4m3fn', /dtype float8_e4m3fn.*float\(\)/],
    ['complex32', /dtype complex32.*complex64/],
    ['uint64', /dtype uint64.*int64/],
    ['sparse', /sparse tensor.*to_dense/],
    ['meta', /meta tensor.*no elements/],
    ['nested', /nested tensor.*unbind/],
    ['lazy', /lazy module.*Run the network/],
  ])('refuses what fewsound does not have by its name: %s', async (name, message) => {
    await expect(scope(() => readTorchFile(at(`refused_${name}.pth`)))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  test('keeps shared storages shared, and tensors that are one', async () => {
    await scope(async () => {
      const { tensors } = await readTorchFile(at('tensors.pth'));
      const [a, b] = [tensors.get('shared_a') as Tensor, tensors.get('shared_b') as Tensor];
      b.zero_();
      expect((a.toArray() as number[][])[1]).toEqual([0, 0, 0]);
      expect(tensors.get('again.0')).toBe(tensors.get('again.1'));
      expect(tensors.get('parameter')?.requiresGrad).toBe(false);
    });
  });

  testShared(
    'agrees with the safetensors beside a published checkpoint (skipped without ../shared/data/tssdnet)',
    async () => {
      await scope(async () => {
        const { tensors } = await readTorchFile(join(sharedFolder, 'inc_tssdnet.pth'));
        const model = new Map(
          [...tensors]
            .filter(([name]) => name.startsWith('model_state_dict.'))
            .map(([name, each]) => [name.slice('model_state_dict.'.length), each]),
        );
        const other = await readSafetensors(join(sharedFolder, 'inc_tssdnet.safetensors'));
        expect([...model.keys()].sort()).toEqual([...other.tensors.keys()].sort());
        for (const [name, each] of model) {
          const twin = other.tensors.get(name) ?? tensor(0);
          expect({ name, dtype: each.dtype, shape: each.shape }).toEqual({
            name,
            dtype: twin.dtype,
            shape: twin.shape,
          });
          expect(bytesOf(each).equals(bytesOf(twin))).toBe(true);
        }
      });
    },
  );
});

function bytesOf(each: Tensor): Buffer {
  const { buffer, byteOffset, byteLength } = each.data();
  return Buffer.from(buffer, byteOffset, byteLength);
}
