import { readFileSync, writeFileSync } from 'node:fs';
import { FewSound, HyperSound, load, loadHyperNetwork } from '../../lib/nn';
import { readSafetensors, scope, type Tensor, writeSafetensors } from '../../lib/tensor';
import {
  type EncoderKind,
  encoderKinds,
  numbers,
  parameter,
  smallEncoders,
  smallFewSound,
  smallHyperSound,
  smallSounds,
} from './small-hyper-networks';
import { smallNetwork } from './small-networks';
import { temporaryFolder } from './temporary-folder';

const inFolder = temporaryFolder();

describe('a saved model', () => {
  it.each<['fewsound' | 'hypersound', 'float32' | 'float64', EncoderKind]>([
    ['fewsound', 'float64', 'soundstream'],
    ['hypersound', 'float32', 'soundstream'],
    ...encoderKinds.map((heard): ['fewsound', 'float32', EncoderKind] => [
      'fewsound',
      'float32',
      heard,
    ]),
  ])('is loaded bit for bit: %s, %s, %s', async (kind, dtype, heard) => {
    const path = inFolder(`${kind}-${dtype}-${heard}.safetensors`);
    const encoder = smallEncoders[heard];
    const options = { dtype, encoder, mode: 'residual', sharedLayers: [1] } as const;
    using model =
      kind === 'fewsound'
        ? smallFewSound('siren', { ...options, warmupEpochs: 7 })
        : smallHyperSound('siren', options);
    model.epoch = 3;
    await model.save(path);
    using loaded = await loadHyperNetwork(path);
    expect(loaded).toBeInstanceOf(kind === 'fewsound' ? FewSound : HyperSound);
    expect(loaded.options).toEqual(model.options);
    expect([loaded.kind, loaded.epoch, loaded.updateFactor]).toEqual([kind, 3, model.updateFactor]);
    scope(() => {
      expect([...loaded.parameters().keys()]).toEqual([...model.parameters().keys()]);
      for (const [name, own] of model.parameters()) {
        const bytes = (value: Tensor) => Buffer.from(value.detach().clone().data().buffer);
        expect(bytes(parameter(loaded, name)).equals(bytes(own))).toBe(true);
      }
      const audio = smallSounds(2, { dtype });
      expect(numbers(loaded.forward(audio))).toEqual(numbers(model.forward(audio)));
    });
  });

  it('that was never trained has no epoch', async () => {
    const path = inFolder('untrained.safetensors');
    using model = smallFewSound('nerf');
    await model.save(path);
    using loaded = await loadHyperNetwork(path);
    expect(loaded.epoch).toBeUndefined();
  });
});

describe('loadHyperNetwork refuses', () => {
  interface Model {
    kind: string;
    epoch?: unknown;
    options: Record<string, unknown>;
  }

  /** A saved model whose description and tensors are changed. */
  async function changed(
    name: string,
    change: (model: Model, tensors: Map<string, Tensor>) => void,
  ): Promise<string> {
    const path = inFolder(`${name}.safetensors`);
    using model = smallFewSound('nerf');
    model.epoch = 2;
    await model.save(path);
    await scope(async () => {
      const { tensors, metadata } = await readSafetensors(path);
      const description = JSON.parse(metadata.model as string) as Model;
      change(description, tensors);
      await writeSafetensors(path, tensors, { ...metadata, model: JSON.stringify(description) });
    });
    return path;
  }

  async function refuses(path: string, message: RegExp, code = 'FILE_FORMAT') {
    const error = await loadHyperNetwork(path).then(
      (model) => {
        model.dispose();
        throw new Error('it was loaded');
      },
      (reason: { code: string; message: string }) => reason,
    );
    expect({ code: error.code, message: error.message }).toEqual({
      code,
      message: expect.stringMatching(message),
    });
    expect(error.message).toContain(path);
  }

  it('a file that is not there, is cut short, or holds something else', async () => {
    await refuses(inFolder('nothing.safetensors'), /no such file/, 'FILE_NOT_FOUND');
    const path = inFolder('cut.safetensors');
    using model = smallFewSound('nerf');
    await model.save(path);
    using loaded = await load(path);
    expect(loaded.kind).toBe('fewsound');
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    await refuses(path, /safetensors file/);
    using network = smallNetwork('nerf');
    await network.save(path);
    await refuses(path, /not a model that writes networks; read it with load/);
  });

  it('another architecture than its tensors have', async () => {
    const wider = await changed('wider', ({ options }) => {
      options.hidden = [6, 6];
    });
    await refuses(wider, /says that it holds a fewsound model, but its state: "writer\.layers\.1/);
    const double = await changed('double', ({ options }) => {
      options.dtype = 'float64';
    });
    await refuses(double, /is float32; expected float64/);
    const other = await changed('other', (model) => {
      model.kind = 'hypersound';
      for (const name of ['universalKernel', 'universalConvolutions', 'warmupEpochs']) {
        delete model.options[name];
      }
    });
    await refuses(other, /"universal\.theta" is not a tensor of this hypersound model/);
    const less = await changed('less', (_, tensors) => {
      tensors.delete('universal.theta');
    });
    await refuses(less, /"universal\.theta" is missing/);
  });

  it('a kind that there is not, and options that are none', async () => {
    const kind = await changed('kind', (model) => {
      model.kind = 'toString';
    });
    await refuses(kind, /name a model of kind "toString"/);
    const mode = await changed('mode', ({ options }) => {
      options.mode = 'x';
    });
    await refuses(mode, /describe no model: .*mode is "x"/);
    const extra = await changed('extra', ({ options }) => {
      options.colour = 'red';
    });
    await refuses(extra, /describe no model: .*there is no option colour/);
    const none = await changed('none', (model) => {
      model.options = null as never;
    });
    await refuses(none, /describe no model/);
  });

  it('an epoch that is none', async () => {
    const path = await changed('epoch', (model) => {
      model.epoch = 'last';
    });
    await refuses(path, /epoch is last/);
  });

  it.each<[string, object]>([
    ['hidden', { hidden: [65_536, 65_536, 65_536] }],
    ['samples', { samples: 2 ** 24 }],
    ['encoder', { encoder: { channels: 4096, dimension: 2, strides: [64, 64, 64, 64] } }],
    ['target', { target: { kind: 'nerf', layers: [65_536, 65_536] } }],
    ['one layer of the target', { target: { kind: 'kan', layers: [65_536], grid: 1024 } }],
  ])('a model larger than the file, without taking the memory: %s', async (name, lies) => {
    const path = await changed(`large-${name}`, ({ options }) => Object.assign(options, lies));
    await refuses(path, /describe a larger model than its \d+ numbers/);
  });
});
