import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geometryOfModel, readModelFile, waveformFilters } from '../../lib/analysis';
import { createClip } from '../../lib/audio';
import { KAN } from '../../lib/nn';
import { ops, readTorchFile, scope, type Tensor, tensor, writeSafetensors } from '../../lib/tensor';
import { fit } from '../../lib/train';
import { noise } from '../metrics/noise';

const torchFile = (name: string) => join(__dirname, '..', 'tensor', 'torch-files', name);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-model-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function saved(
  tensors: Record<string, Tensor>,
  metadata: Record<string, string> = {},
): Promise<string> {
  const path = join(folder, 'model.safetensors');
  await writeSafetensors(path, tensors, metadata);
  return path;
}

const namesOf = (path: string) => scope(async () => [...(await readModelFile(path)).state.keys()]);

describe('readModelFile', () => {
  test('reads a checkpoint of PyTorch, whatever it is called: the model of it alone', async () => {
    const names = await namesOf(torchFile('checkpoint_2.pth'));
    expect(names).toContain('0.weight');
    expect(names.some((name) => /optim|state_dict/.test(name))).toBe(false);
  });

  test('refuses a pickle that would run something, and names it', async () => {
    await expect(namesOf(torchFile('malicious_reduce.pth'))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('posix.system'),
    });
  });

  test.each([
    ['empty.pth', '', /empty\.pth: cannot read this PyTorch file/],
    ['empty.safetensors', '', /empty\.safetensors/],
    ['text.pt', 'this is no model at all', /neither a zip archive nor a pickle/],
    ['text.safetensors', 'this is no model at all', /text\.safetensors/],
  ])('says what is wrong with %s', async (name, contents, message) => {
    const path = join(folder, name);
    await writeFile(path, contents);
    await expect(namesOf(path)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  test('a missing file is said to be missing', async () => {
    await expect(namesOf(join(folder, 'absent.pth'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });

  test('undoes weight normalisation, the old one and the new', () =>
    scope(async () => {
      const direction = tensor(noise(24, 3), { shape: [4, 2, 3] });
      const length = tensor([1, 2, 3, 4], { dtype: 'float64' }).reshape([4, 1, 1]);
      const path = await saved({
        'a.weight_g': length,
        'a.weight_v': direction,
        'b.parametrizations.weight.original0': length,
        'b.parametrizations.weight.original1': direction,
        'c.weight_v': direction,
      });
      const { state } = await readModelFile(path);
      expect([...state.keys()]).toEqual(['a.weight', 'b.weight', 'c.weight_v']);
      for (const name of ['a.weight', 'b.weight']) {
        const norms = state.get(name)?.norm(2, [1, 2]).data('float64');
        [1, 2, 3, 4].forEach((norm, i) => {
          expect(norms?.[i]).toBeCloseTo(norm, 12);
        });
      }
    }));

  test('has the weights that PyTorch makes of weight and spectral normalization', () =>
    scope(async () => {
      const path = torchFile('normalized.pth');
      const { state } = await readModelFile(path);
      const { tensors } = await readTorchFile(path);
      const made = [...tensors].filter(([name]) => name.startsWith('optimizer.whole.'));
      expect(made).toHaveLength(9);
      for (const [name, weight] of made) {
        const layer = name.slice('optimizer.whole.'.length);
        const own = state.get(`${layer}.weight`) as Tensor;
        expect({ layer, shape: own.shape }).toEqual({ layer, shape: weight.shape });
        // A norm of at most 16 products in float32, and a division: 20 roundings of 6e-8 of the
        // largest.
        const far = own.sub(weight).abs().max().div(weight.abs().max());
        expect(far.item()).toBeLessThan(20 * 2 ** -24);
      }
      expect([...state.keys()].filter((name) => !/(\.weight|\.bias)$/.test(name))).toEqual([]);
      expect(geometryOfModel(state)).toHaveLength(9);
    }));

  test('of spectral normalization before PyTorch 1.0.1 takes the weight beside, or u alone', () =>
    scope(async () => {
      const weight = tensor([3, 0, 0, 1], { shape: [2, 2] });
      const parts = { 'a.weight_orig': weight, 'a.weight_u': tensor([1, 0]) };
      const alone = (await readModelFile(await saved(parts))).state;
      expect(alone.get('a.weight')?.toArray()).toEqual([
        [1, 0],
        [0, Math.fround(1 / 3)],
      ]);
      const whole = tensor([5, 0, 0, 5], { shape: [2, 2] });
      const beside = (await readModelFile(await saved({ ...parts, 'a.weight': whole }))).state;
      expect([...beside].map(([name, each]) => [name, each.toArray()])).toEqual([
        ['a.weight', whole.toArray()],
      ]);
    }));

  test('keeps parts that do not fit each other, and other parametrizations', () =>
    scope(async () => {
      const parts = {
        'a.weight_orig': ops.ones([2, 2]),
        'a.weight_u': ops.ones([3]),
        'b.parametrizations.weight.original': ops.ones([2, 2]),
        'c.weight_orig': ops.ones([2, 2]),
        'c.weight_mask': ops.ones([2, 2]),
      };
      expect(await namesOf(await saved(parts))).toEqual(Object.keys(parts));
    }));

  test('keeps a part of a module that is called model, where there is no optimizer', () =>
    scope(async () => {
      const part = ops.ones([2, 2]);
      const alone = { 'model.a.weight': part, 'head.weight': part };
      expect(await namesOf(await saved(alone))).toEqual(['model.a.weight', 'head.weight']);
      const beside = { ...alone, 'optimizer.state.0': part };
      expect(await namesOf(await saved(beside))).toEqual(['a.weight']);
    }));

  test('of a checkpoint of a fit knows the splines and the rate', async () => {
    const path = join(folder, 'fit.safetensors');
    using kan = new KAN({ layers: [3], encoding: 2, grid: 4, order: 2, seed: 1 });
    const clip = createClip(Float32Array.from(noise(3000, 1)), 8000);
    await fit(kan, clip, { steps: 1, threads: 1, checkpoint: { path, every: 1 } });
    await scope(async () => {
      const { state, spline, sampleRate } = await readModelFile(path);
      expect(sampleRate).toBe(8000);
      expect(spline).toMatchObject({ grid: 4, order: 2 });
      const layers = geometryOfModel(state, { ...(spline && { spline }) });
      expect(layers.map(({ name }) => name)).toEqual(['layers.0', 'layers.1']);
    });
  });

  test('finds the first layer of a safetensors file in the order of the alphabet', () =>
    scope(async () => {
      const path = await saved({
        'bn.steps': tensor([1], { dtype: 'int64' }),
        'Blocks.10.weight': ops.ones([2, 4, 3]),
        'Blocks.9.weight': ops.ones([4, 4, 3]),
        'a.weight': ops.ones([4, 1, 30]),
      });
      const { state } = await readModelFile(path);
      expect(geometryOfModel(state).map(({ name }) => name)).toEqual([
        'a',
        'Blocks.9',
        'Blocks.10',
      ]);
      expect(waveformFilters(state).layers).toEqual(['a']);
    }));
});
