import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Inr, inrKinds, load } from '../../lib/nn';
import { readSafetensors, scope, type Tensor, tensor, writeSafetensors } from '../../lib/tensor';
import { smallNetwork } from './small-networks';
import { temporaryFolder } from './temporary-folder';

const inFolder = temporaryFolder();
const bytes = (value: Tensor) => Buffer.from(value.detach().clone().data().buffer).toString('hex');

describe.each(inrKinds)('a saved %s', (kind) => {
  it.each(['float32', 'float64'] as const)('is loaded bit for bit in %s', async (dtype) => {
    const path = inFolder(`${kind}-${dtype}.safetensors`);
    using network = smallNetwork(kind, { dtype });
    network.clip = { sampleRate: 8000, samples: 400 };
    await network.save(path);
    using loaded = (await load(path)) as Inr;
    expect(loaded).toBeInstanceOf(Inr);
    expect(loaded.kind).toBe(kind);
    expect(loaded.options).toEqual(network.options);
    expect(loaded.clip).toEqual({ sampleRate: 8000, samples: 400 });
    scope(() => {
      const saved = network.stateDict();
      const restored = loaded.stateDict();
      expect([...restored.keys()]).toEqual([...saved.keys()]);
      for (const [name, value] of saved) {
        expect(restored.get(name)?.dtype).toBe(value.dtype);
        expect(bytes(restored.get(name) as Tensor)).toBe(bytes(value));
      }
    });
    expect(loaded.render(50)).toEqual(network.render(50));
  });
});

describe('the file', () => {
  it('is plain safetensors: floats only, the architecture as JSON', async () => {
    const path = inFolder('plain.safetensors');
    using wire = smallNetwork('wire');
    await wire.save(path, { note: 'a test' });
    const length = Number(readFileSync(path).readBigUInt64LE());
    const header = JSON.parse(readFileSync(path).toString('utf8', 8, 8 + length));
    const { __metadata__: metadata, ...tensors } = header;
    expect(tensors['layers.1.weight']).toMatchObject({ dtype: 'F32', shape: [4, 5, 2] });
    expect(metadata).toMatchObject({ format: 'fewsound', content: 'network', note: 'a test' });
    const model = JSON.parse(metadata.model);
    expect(model).toMatchObject({ kind: 'wire', options: { layers: [5, 4], scale: 10, seed: 11 } });
    expect(model.options.device).toBeUndefined();
  });

  it('leaves nothing beside it, and keeps the old one when it cannot be written', async () => {
    const path = inFolder('whole.safetensors');
    using network = smallNetwork('nerf');
    await network.save(path);
    const before = readdirSync(dirname(path)).filter((name) => name.includes('whole'));
    expect(before).toEqual(['whole.safetensors']);
    await expect(network.save(inFolder('no/such/folder.safetensors'))).rejects.toMatchObject({
      code: 'IO',
    });
    await expect(network.save(path, { model: 'mine' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'model',
    });
  });

  it('holds the values of the moment of the call', async () => {
    const path = inFolder('moment.safetensors');
    using network = smallNetwork('nerf');
    const before = network.render(9);
    const saved = network.save(path);
    scope(() => {
      using other = smallNetwork('nerf', { seed: 5 });
      network.loadStateDict(other.stateDict());
    });
    await saved;
    using loaded = (await load(path)) as Inr;
    expect(loaded.render(9)).toEqual(before);
  });
});

it("a parameter that was disposed of is still the model's", async () => {
  const path = inFolder('disposed.safetensors');
  using network = smallNetwork('kan');
  const before = network.parameters();
  const [name, parameter] = [...before][0] as [string, Tensor];
  parameter.dispose();
  await network.save(path);
  using loaded = (await load(path)) as Inr;
  expect(loaded.render(9)).toEqual(network.render(9));
  const after = network.parameters();
  expect(after.get(name)?.disposed).toBe(false);
  before.delete(name);
  for (const [other, tensor] of before) expect(after.get(other)).toBe(tensor);
});

describe('load refuses', () => {
  /** A saved NeRF whose tensors and metadata are changed. */
  async function changed(
    name: string,
    change: (tensors: Map<string, Tensor>, metadata: Record<string, string>) => void,
  ): Promise<string> {
    const path = inFolder(`${name}.safetensors`);
    using network = smallNetwork('nerf');
    await network.save(path);
    await scope(async () => {
      const { tensors, metadata } = await readSafetensors(path);
      const copy = { ...metadata };
      change(tensors, copy);
      await writeSafetensors(path, tensors, copy);
    });
    return path;
  }

  const refuses = async (path: string, message: RegExp, code = 'FILE_FORMAT') => {
    const error = await load(path).then(
      (network) => {
        network.dispose();
        throw new Error('it was loaded');
      },
      (reason: { code: string; message: string }) => reason,
    );
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path);
  };

  it('a file that is not there', async () => {
    await refuses(inFolder('nothing.safetensors'), /no such file/, 'FILE_NOT_FOUND');
  });

  it('a file that is no safetensors file, or is cut short', async () => {
    const path = inFolder('cut.safetensors');
    writeFileSync(path, 'RIFF, but not really');
    await refuses(path, /safetensors file/);
    using network = smallNetwork('nerf');
    await network.save(path);
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    await refuses(path, /safetensors file/);
  });

  it('a safetensors file of somebody else', async () => {
    const path = inFolder('foreign.safetensors');
    await scope(() => writeSafetensors(path, { weight: tensor([1, 2]) }));
    await refuses(path, /fewsound did not write it/);
  });

  it('a file of a later format', async () => {
    const path = await changed('later', (_, metadata) => {
      metadata.formatVersion = '2';
    });
    await refuses(path, /format version 2; this fewsound reads version 1/);
  });

  it('a missing tensor', async () => {
    const path = await changed('missing', (tensors) => void tensors.delete('layers.1.bias'));
    await refuses(path, /"layers\.1\.bias" is missing/);
  });

  it("another model's tensors", async () => {
    const path = await changed('another', (_, metadata) => {
      using kan = smallNetwork('kan', { layers: [2], grid: 2 });
      metadata.model = JSON.stringify({ kind: 'kan', options: kan.options });
    });
    await refuses(path, /holds a kan model, but its state: "layers\.0\.weight" is not a tensor/);
  });

  it('a tensor of another shape or dtype', async () => {
    const shape = await changed('shape', (tensors) => {
      tensors.set('layers.1.bias', tensor([1, 2, 3]));
    });
    await refuses(shape, /"layers\.1\.bias" has shape \[3\]; expected \[4\]/);
    const dtype = await changed('dtype', (tensors) => {
      tensors.set('layers.1.bias', tensor([1, 2, 3, 4], { dtype: 'float64' }));
    });
    await refuses(dtype, /"layers\.1\.bias" is float64; expected float32/);
  });

  it('metadata that make no sense', async () => {
    const set = (name: string, value: string) =>
      changed(`metadata-${name}-${value.length}`, (_, metadata) => {
        metadata[name] = value;
      });
    await refuses(await set('model', '{'), /metadata "model" are no JSON/);
    await refuses(await set('model', 'null'), /a model of kind undefined/);
    await refuses(await set('model', '{"kind":"mlp"}'), /a model of kind "mlp"/);
    const negative = '{"kind":"nerf","options":{"encoding":-3}}';
    await refuses(await set('model', negative), /describe no model: .*encoding is -3/);
    const huge = '{"kind":"nerf","options":{"layers":[60000,60000]}}';
    await refuses(await set('model', huge), /describe a larger model than its \d+ numbers/);
    await refuses(await set('clip', '{"sampleRate":0,"samples":1}'), /"clip" are of no use/);
    await refuses(await set('content', 'poem'), /content is "poem"/);
  });
});
