import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FewSoundError } from '../../lib/errors';
import {
  arange,
  memory,
  ones,
  ops,
  readSafetensors,
  readSafetensorsHeader,
  scope,
  type Tensor,
  tensor,
  writeSafetensors,
  zeros,
} from '../../lib/tensor';

let folder: string;
const file = (name = 'x.safetensors') => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A file made by hand. */
async function write(header: unknown, data: number[] | Uint8Array = [], length?: number) {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length ?? json.length));
  await writeFile(file(), Buffer.concat([size, json, Buffer.from(data)]));
}
const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('writeSafetensors and readSafetensors', () => {
  it('bring back every dtype and shape, bit for bit', async () => {
    await scope(async () => {
      const tensors = {
        float32: ops.randn([3, 4]),
        float64: ops.randn([2], { dtype: 'float64' }),
        int64: tensor([2n ** 62n, -1n]),
        bool: tensor([[true], [false]]),
        complex64: ops.randn([2, 2], { dtype: 'complex64' }),
        complex128: ops.randn([3], { dtype: 'complex128' }),
        scalar: tensor(0.1),
        empty: zeros([0, 5]),
        'special values': tensor([Number.NaN, Number.POSITIVE_INFINITY, -0]),
        'ünïcode "quoted"': zeros([1]),
        ['__proto__']: ones([2]),
      };
      await writeSafetensors(file(), tensors, { note: 'äöü\n', empty: '' });
      const back = await readSafetensors(file());
      expect(back.metadata).toEqual({ note: 'äöü\n', empty: '' });
      expect([...back.tensors.keys()]).toEqual(Object.keys(tensors));
      for (const [name, original] of Object.entries(tensors)) {
        const read = back.tensors.get(name) as Tensor;
        expect([read.dtype, read.shape]).toEqual([original.dtype, original.shape]);
        expect(read.data()).toEqual(original.data());
      }
    });
  });

  it('write views in row-major order, as they were at the call', async () => {
    await scope(async () => {
      const x = arange(0, 6).reshape([2, 3]);
      const writing = writeSafetensors(file(), new Map([['x', x.transpose()]]));
      x.zero_();
      await writing;
      const { tensors } = await readSafetensors(file());
      expect(tensors.get('x')?.toArray()).toEqual([
        [0, 3],
        [1, 4],
        [2, 5],
      ]);
    });
  });

  it('begin the data at a multiple of eight bytes', async () => {
    await scope(() => writeSafetensors(file(), { x: zeros([1]) }, { a: 'b' }));
    expect((await readSafetensorsHeader(file())).dataStart % 8).toBe(0);
  });

  it('leave nothing behind where the folder is missing', async () => {
    await scope(async () => {
      await expect(
        writeSafetensors(join(folder, 'no', 'x'), { x: zeros([1]) }),
      ).rejects.toMatchObject({ code: 'IO' });
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('bring back long texts', async () => {
    const metadata = { plain: 'x'.repeat(1e7), escaped: '"\n'.repeat(5e6) };
    await writeSafetensors(file(), {}, metadata);
    const back = (await readSafetensors(file())).metadata;
    expect(Object.entries(metadata).every(([name, text]) => back[name] === text)).toBe(true);
  });

  it('refuse metadata that are not strings, and reserved names', async () => {
    await scope(async () => {
      await expect(writeSafetensors(file(), {}, { complex128: '["w"]' })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'complex128',
      });
      await expect(writeSafetensors(file(), {}, { n: 1 as never })).rejects.toThrow(
        /metadata "n" is a number/,
      );
      await expect(writeSafetensors(file(), { __metadata__: zeros([1]) })).rejects.toThrow(
        /"__metadata__"/,
      );
    });
  });
});

describe('other dtypes', () => {
  it.each<[string, number[], string, unknown]>([
    [
      'F16',
      [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c],
      'float32',
      [1, -2, 2 ** -24, Number.POSITIVE_INFINITY],
    ],
    ['BF16', [0x80, 0x3f, 0x00, 0xc0], 'float32', [1, -2]],
    ['U8', [0, 255], 'int64', [0, 255]],
    ['I8', [0, 255], 'int64', [0, -1]],
    ['U16', [0, 255], 'int64', [65280]],
    ['I32', [255, 255, 255, 255], 'int64', [-1]],
    ['U32', [255, 255, 255, 255], 'int64', [4294967295]],
  ])('%s', async (dtype, bytes, becomes, values) => {
    const shape = [(values as number[]).length];
    await write({ x: entry(dtype, shape, 0, bytes.length) }, bytes);
    await scope(async () => {
      const x = (await readSafetensors(file())).tensors.get('x') as Tensor;
      expect([x.dtype, x.toArray()]).toEqual([becomes, values]);
    });
  });
});

describe('a file that is not sound', () => {
  it('does not exist', async () => {
    await expect(readSafetensors(file())).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining(file()),
    });
  });

  it('is a folder', async () => {
    await expect(readSafetensors(folder)).rejects.toMatchObject({ code: 'IO' });
  });

  it.each<[string, Parameters<typeof write>, RegExp]>([
    ['is not JSON', ['{"x"'], /header is not JSON/],
    ['is a list', [[]], /not a JSON object/],
    ['claims a header beyond its end', [{}, [], 1000], /claims a header of 1000 bytes/],
    ['claims a huge header', [{}, [], 2 ** 40], /claims a header/],
    [
      'has a name twice',
      [
        '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0078":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        [0],
      ],
      /"x" twice/,
    ],
    [
      'has metadata that are not strings',
      [{ __metadata__: { a: 1 } }],
      /metadata "a" is not a string/,
    ],
    ['has metadata that are no object', [{ __metadata__: 'a' }], /__metadata__ is not an object/],
    ['has an entry that is no object', [{ x: 1 }], /entry of "x"/],
    ['has an unknown dtype', [{ x: entry('F4', [1], 0, 1) }, [0]], /dtype "F4"/],
    [
      'has the dtype of an inherited property',
      [{ x: entry('toString', [1], 0, 1) }, [0]],
      /dtype "toString"/,
    ],
    ['has a negative size', [{ x: entry('U8', [-1], 0, 1) }, [0]], /shape of "x"/],
    ['has a fraction for a size', [{ x: entry('U8', [0.5], 0, 1) }, [0]], /shape of "x"/],
    ['has offsets the wrong way round', [{ x: entry('U8', [1], 1, 0) }, [0]], /has -1 bytes/],
    [
      'has offsets that are no numbers',
      [{ x: entry('U8', [1], '0', 1) }, [0]],
      /data_offsets of "x"/,
    ],
    [
      'has fewer bytes than the shape needs',
      [{ x: entry('F32', [2], 0, 4) }, [0, 0, 0, 0]],
      /has 4 bytes, but F32 \[2\] needs 8/,
    ],
    [
      'has a shape beyond all numbers',
      [{ x: entry('U8', [2 ** 40, 2 ** 40], 0, 1) }, [0]],
      /needs 1\.2/,
    ],
    ['is cut short', [{ x: entry('U8', [4], 0, 4) }, [0, 0]], /there are 2: the file is cut short/],
    [
      'has overlapping tensors',
      [{ x: entry('U8', [2], 0, 2), y: entry('U8', [2], 1, 3) }, [0, 0, 0]],
      /"y" overlap/,
    ],
    ['has a gap', [{ x: entry('U8', [1], 1, 2) }, [0, 0]], /"x" leave a gap/],
    ['has bytes left over', [{ x: entry('U8', [1], 0, 1) }, [0, 0]], /1 bytes belong to no tensor/],
    [
      'has a broken list of complex names',
      [{ __metadata__: { complex128: '[' } }],
      /"complex128" is not a list/,
    ],
  ])('%s', async (_, parts, message) => {
    await write(...parts);
    await expect(readSafetensors(file())).rejects.toThrow(message);
    await expect(readSafetensors(file())).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining(file()),
    });
  });

  it('is shorter than a header', async () => {
    await writeFile(file(), 'abc');
    await expect(readSafetensors(file())).rejects.toThrow(/it has 3 bytes, too few/);
  });

  it('is noticed wherever a byte of the header is changed, or makes no difference', async () => {
    await scope(() =>
      writeSafetensors(file(), { a: ops.randn([3]), b: ops.randn([2, 2]) }, { k: 'v' }),
    );
    const sound = await readFile(file());
    const { dataStart } = await readSafetensorsHeader(file());
    const before = memory().tensors;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(dataStart - 1),
        fc.nat(255),
        fc.nat(sound.length),
        async (at, byte, length) => {
          const broken = Buffer.from(sound);
          broken[at] = byte;
          await writeFile(file('y'), length % 3 === 0 ? broken.subarray(0, length) : broken);
          try {
            const { tensors } = await readSafetensors(file('y'));
            for (const each of tensors.values()) each.dispose();
          } catch (error) {
            expect(error).toBeInstanceOf(FewSoundError);
            expect(error).toMatchObject({ code: 'FILE_FORMAT' });
          }
          expect(memory().tensors).toBe(before);
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });
});
