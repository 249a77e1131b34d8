import { readFileSync, writeFileSync } from 'node:fs';
import {
  createInr,
  FewSound,
  type HyperNetwork,
  HyperSound,
  hypernetworkSizes,
  load,
  loadHyperNetwork,
  type TargetOptions,
  timeAxis,
  type WrittenSlot,
} from '../../lib/nn';
import {
  noGrad,
  readSafetensors,
  scope,
  type Tensor,
  tensor,
  writeSafetensors,
} from '../../lib/tensor';
import {
  directionLike,
  SAMPLES,
  smallFewSound,
  smallHyperSound,
  smallSounds,
  smallTargets,
  targetKinds,
} from './small-hyper-networks';
import { smallNetwork } from './small-networks';
import { temporaryFolder } from './temporary-folder';

const inFolder = temporaryFolder();
const numbers = (values: Tensor) => [...(values.detach().contiguous().data() as Float64Array)];
const largest = (values: Tensor) => Math.max(...numbers(values).map(Math.abs));
const parameter = (model: HyperNetwork, name: string) => {
  const found = model.parameters().get(name);
  if (found === undefined) throw new Error(`no parameter ${name}`);
  return found;
};

function expectClose(values: Tensor, expected: readonly number[], tolerance: number) {
  const given = numbers(values);
  expect(given).toHaveLength(expected.length);
  const worst = Math.max(...given.map((value, i) => Math.abs(value - (expected[i] as number))));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe('parameter counts of SPEC', () => {
  // With 64 numbers a step E(x) alone is as wide as [E(x), G(theta)] of the default, 6592.
  const wide = { channels: 1, dimension: 64, layerNorm: false };

  it.each<[string, TargetOptions, readonly number[], number]>([
    [
      'a KAN of 31,080',
      { kind: 'kan', encoding: 8, grid: 10, order: 2 },
      hypernetworkSizes.small,
      17_487_624,
    ],
    ['a SIREN', { kind: 'siren' }, hypernetworkSizes.small, 17_532_135],
    ['a NeRF of 32,901', { kind: 'nerf', encoding: 10 }, hypernetworkSizes.small, 18_217_845],
    ['a NeRF, large', { kind: 'nerf', encoding: 10 }, hypernetworkSizes.large, 41_195_205],
  ])('H for %s', (_, target, hidden, expected) => {
    using model = new HyperSound({ target, hidden, encoder: wide });
    expect(model.parameterCounts().writer).toBe(expected);
  });

  it('the default FewSound', () => {
    using model = new FewSound();
    expect(model.parameterCount).toBe(94_362_534);
    expect(model.parameterCounts()).toEqual({
      encoder: 21_045_792,
      universal: 32_901 + 2 * 8102 + (32_901 - 16_200) * 3296 + 3296,
      writer: 18_217_845,
      target: 0,
    });
    expect(parameter(model, 'universal.theta').size).toBe(32_901);
  });

  it('the encoder without layer norm', () => {
    using model = new HyperSound({
      target: smallTargets.nerf,
      hidden: [1],
      encoder: { layerNorm: false },
    });
    expect(model.parameterCounts().encoder).toBe(1_173_536);
  });
});

describe('initial weights', () => {
  const WIDTH = 40;

  /** Rows of the last layer that make one weight of the target, and their biases. */
  function rowsOf(model: HyperNetwork, { offset, shape }: WrittenSlot) {
    const size = shape.reduce((product, length) => product * length, 1);
    return {
      size,
      rows: parameter(model, 'writer.layers.2.weight').narrow(0, offset, size),
      biases: parameter(model, 'writer.layers.2.bias').narrow(0, offset, size),
    };
  }

  /** Uniform in ±bound: within it, and with so many numbers close to it. */
  function expectUniform(values: Tensor, bound: number) {
    const most = largest(values);
    expect(most).toBeLessThanOrEqual(bound * (1 + 1e-6));
    if (values.size < 30) return;
    expect(Math.min(...numbers(values))).toBeLessThan(0);
    expect(most).toBeGreaterThan(bound * (values.size < 500 ? 0.85 : 0.98));
  }

  const wideWriter = { hidden: [50, WIDTH], seed: 4 };

  it('of hidden layers of H are Kaiming’s, biases zero', () => {
    scope(() => {
      using model = smallHyperSound('nerf', wideWriter);
      const first = parameter(model, 'writer.layers.0.weight');
      expect(first.shape).toEqual([50, (SAMPLES / 8) * 2]);
      expectUniform(first, Math.sqrt(6 / 20));
      expectUniform(parameter(model, 'writer.layers.1.weight'), Math.sqrt(6 / 50));
      for (const i of [0, 1]) expect(largest(parameter(model, `writer.layers.${i}.bias`))).toBe(0);
    });
  });

  it('of rows for a KAN are those of a linear layer, biases zero', () => {
    scope(() => {
      using model = smallHyperSound('kan', wideWriter);
      for (const slot of model.writtenLayout()) {
        const { rows, biases } = rowsOf(model, slot);
        expectUniform(rows, 1 / Math.sqrt(WIDTH));
        expect(largest(biases)).toBe(0);
      }
    });
  });

  it('of rows for a NeRF keep the variance of its layers, biases zero', () => {
    scope(() => {
      using model = smallHyperSound('nerf', wideWriter);
      for (const slot of model.writtenLayout()) {
        const { rows, biases } = rowsOf(model, slot);
        const inputs = slot.name.endsWith('.weight') ? (slot.shape[1] as number) : 1;
        expectUniform(rows, Math.sqrt(3 / (WIDTH * inputs)));
        expect(largest(biases)).toBe(0);
      }
    });
  });

  it('of rows for a SIREN are a thousandth, biases those of the SIREN', () => {
    scope(() => {
      const target = { kind: 'siren', layers: [64, 1, 40], omega0: 20, omega: 5 } as const;
      using model = smallHyperSound('siren', { ...wideWriter, target });
      const inputs = [1, 64, 1, 40];
      for (const slot of model.writtenLayout()) {
        const { rows, biases } = rowsOf(model, slot);
        const layer = Number(/\d+/.exec(slot.name)?.[0]);
        const fanIn = inputs[layer] as number;
        const isWeight = slot.name.endsWith('.weight');
        expectUniform(rows, 1e-3 * Math.sqrt(3 / (WIDTH * (isWeight ? fanIn : 1))));
        expectUniform(biases, fanIn === 1 ? 1 : Math.sqrt(6 / fanIn) / 5);
      }
    });
  });

  it('of rows for frequencies and omegas are near nothing, biases the base frequencies', () => {
    scope(() => {
      const learnable = { ...smallTargets.kan, encoding: 6, learnableEncoding: true };
      using kan = smallHyperSound('kan', { ...wideWriter, target: learnable });
      const slot = kan.writtenLayout().find(({ name }) => name === 'encoding.frequencies');
      const { rows, biases } = rowsOf(kan, slot as WrittenSlot);
      expectUniform(rows, 1e-4);
      expect(numbers(biases)).toEqual(
        Array.from({ length: 6 }, (_, i) => Math.fround(2 ** i * Math.PI)),
      );
      const omegas = { ...smallTargets.siren, learnableOmega: true };
      using siren = smallHyperSound('siren', { ...wideWriter, target: omegas });
      for (const [i, omega] of [20, 5, 5].entries()) {
        const slot = siren.writtenLayout().find(({ name }) => name === `layers.${i}.omega`);
        const found = rowsOf(siren, slot as WrittenSlot);
        expectUniform(found.rows, 1e-4);
        expect(numbers(found.biases)).toEqual([omega]);
      }
    });
  });

  it.each(targetKinds)(
    'of theta for a %s are Kaiming’s for a matrix of one row, or zero',
    (kind) => {
      scope(() => {
        const target = {
          kan: { ...smallTargets.kan, layers: [20, 10], learnableEncoding: true },
          nerf: { ...smallTargets.nerf, layers: [30, 20] },
          siren: { ...smallTargets.siren, layers: [30, 20], learnableOmega: true },
        }[kind];
        using model = smallFewSound(kind, { target, seed: 6 });
        const theta = parameter(model, 'universal.theta').select(0, 0);
        const drawn = /\.(weight|base|coefficients)$/;
        const layout = model.writtenLayout();
        expect(layout.some(({ name }) => !drawn.test(name))).toBe(true);
        for (const { name, shape, offset } of layout) {
          const size = shape.reduce((product, length) => product * length, 1);
          const part = theta.narrow(0, offset, size);
          if (drawn.test(name)) expectUniform(part, Math.sqrt(6 / size));
          else expect(largest(part)).toBe(0);
        }
      });
    },
  );

  it('of encoder and G are those of PyTorch’s layers; norms change nothing at first', () => {
    scope(() => {
      using model = smallFewSound('nerf', {
        encoder: { channels: 8, dimension: 8, strides: [2, 4] },
        universalKernel: 33,
        universalConvolutions: 1,
        target: { kind: 'nerf', layers: [10], encoding: 2 },
      });
      for (const [name, tensor] of model.parameters()) {
        if (name.endsWith('norm.weight')) expect(new Set(numbers(tensor))).toEqual(new Set([1]));
        else if (name.endsWith('norm.bias')) expect(largest(tensor)).toBe(0);
        else if (/^(encoder|universal)\..*weight$/.test(name)) {
          const fanIn = tensor.size / (tensor.shape[0] as number);
          expectUniform(tensor, 1 / Math.sqrt(fanIn));
          const bias = parameter(model, name.replace(/weight$/, 'bias'));
          expect(largest(bias)).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
          expect(largest(bias)).toBeGreaterThan(0);
        }
      }
    });
  });

  it('follow from the seed', () => {
    scope(() => {
      using first = smallFewSound('kan');
      using again = smallFewSound('kan');
      using other = smallFewSound('kan', { seed: 12 });
      for (const [name, tensor] of first.parameters()) {
        expect(numbers(parameter(again, name))).toEqual(numbers(tensor));
      }
      for (const name of [
        'encoder.first.conv.weight',
        'universal.theta',
        'writer.layers.0.weight',
      ]) {
        expect(numbers(parameter(other, name))).not.toEqual(numbers(parameter(first, name)));
      }
      using drawn = smallFewSound('kan', { seed: undefined });
      using redrawn = smallFewSound('kan', { seed: drawn.options.seed });
      expect(numbers(parameter(redrawn, 'universal.theta'))).toEqual(
        numbers(parameter(drawn, 'universal.theta')),
      );
    });
  });
});

/** What plain networks with the weights of each recording give, flat. */
function targetOutputs(
  model: HyperNetwork,
  weights: ReadonlyMap<string, Tensor>,
  t: Tensor,
): number[] {
  const { target, dtype } = model.options;
  const { kind, ...options } = target as TargetOptions;
  const count = [...weights.values()][0]?.shape[0] as number;
  return Array.from({ length: count }, (_, row) => {
    using network = createInr(kind, { ...options, dtype, seed: 0 });
    noGrad(() => {
      for (const [name, own] of network.parameters()) {
        own.copy_((weights.get(name) as Tensor).select(0, row));
      }
    });
    return numbers(network.forward(t));
  }).flat();
}

/** A model in float64 whose universal weights and biases are not what they start from. */
function stirred(model: HyperNetwork): HyperNetwork {
  noGrad(() =>
    scope(() => {
      for (const [name, tensor] of model.parameters()) {
        if (!/norm\.|theta|writer\.layers\.2\.bias/.test(name)) continue;
        tensor.copy_(tensor.add(directionLike(tensor).mul(0.2)));
      }
    }),
  );
  return model;
}

describe.each(targetKinds)('the networks that are written for a %s', (kind) => {
  const double = { dtype: 'float64' } as const;
  const sounds = () => smallSounds(2, double);
  const t = () => timeAxis(SAMPLES, double);

  it.each(['target', 'residual', 'modulator'] as const)('are what mode %s says', (mode) => {
    scope(() => {
      using model = stirred(smallFewSound(kind, { mode, ...double }));
      const audio = sounds();
      const vectors = model.write(audio);
      expect(vectors.shape).toEqual([2, parameter(model, 'universal.theta').size]);
      const weights = model.weights(vectors);
      const written = numbers(vectors);
      const total = written.length / 2;
      for (const { name, shape, offset } of model.writtenLayout()) {
        const size = shape.reduce((product, length) => product * length, 1);
        const given = weights.get(name) as Tensor;
        expect(given.shape).toEqual([2, ...shape]);
        const parts = [0, 1].flatMap((row) =>
          written.slice(row * total + offset, row * total + offset + size),
        );
        if (mode === 'target') {
          expect(model.parameters().has(`target.${name}`)).toBe(false);
          expect(numbers(given)).toEqual(parts);
          continue;
        }
        const own = numbers(parameter(model, `target.${name}`));
        const expected = parts.map((part, i) => {
          const base = own[i % size] as number;
          return mode === 'residual' ? base + part : base * part;
        });
        expect(numbers(given)).toEqual(expected);
      }
      expectClose(model.forward(audio), targetOutputs(model, weights, t()), 1e-12);
    });
  });

  it('share layers of the target', () => {
    scope(() => {
      using model = stirred(smallFewSound(kind, { sharedLayers: [0, 2], ...double }));
      using whole = smallFewSound(kind, double);
      const names = model.writtenLayout().map(({ name }) => name);
      const all = whole.writtenLayout().map(({ name }) => name);
      expect(names).toEqual(all.filter((name) => name.startsWith('layers.1.')));
      const audio = sounds();
      const weights = model.weights(model.write(audio));
      expect([...weights.keys()].sort()).toEqual([...all].sort());
      const shared = all.filter((name) => !names.includes(name));
      for (const name of shared) {
        const own = numbers(parameter(model, `target.${name}`));
        expect(numbers(weights.get(name) as Tensor)).toEqual([...own, ...own]);
      }
      const out = model.forward(audio);
      expectClose(out, targetOutputs(model, weights, t()), 1e-12);
      out.square().sum().backward();
      for (const name of shared.filter((one) => !one.endsWith('bias'))) {
        expect(largest(parameter(model, `target.${name}`).grad as Tensor)).toBeGreaterThan(0);
      }
    });
  });

  const learnable = {
    kan: { ...smallTargets.kan, learnableEncoding: true },
    nerf: { ...smallTargets.nerf, learnableEncoding: true },
    siren: { ...smallTargets.siren, learnableOmega: true },
  }[kind];
  const isEncoding = (name: string) => name.startsWith('encoding.') || name.endsWith('.omega');

  it('have frequencies and omegas of their own where those are learnable', () => {
    scope(() => {
      using model = stirred(smallFewSound(kind, { target: learnable, ...double }));
      const audio = sounds();
      const weights = model.weights(model.write(audio));
      const names = [...weights.keys()].filter(isEncoding);
      expect(names).toHaveLength(kind === 'siren' ? 3 : 1);
      for (const name of names) {
        const [first, second] = [0, 1].map((row) =>
          numbers((weights.get(name) as Tensor).select(0, row)),
        );
        expect(first).not.toEqual(second);
      }
      expectClose(model.forward(audio), targetOutputs(model, weights, t()), 1e-12);
    });
  });

  it('have the same ones where the encoding is shared, and they learn', () => {
    scope(() => {
      using model = stirred(
        smallFewSound(kind, { target: learnable, sharedEncoding: true, ...double }),
      );
      expect(
        model
          .writtenLayout()
          .map(({ name }) => name)
          .some(isEncoding),
      ).toBe(false);
      const audio = sounds();
      const weights = model.weights(model.write(audio));
      const names = [...weights.keys()].filter(isEncoding);
      expect(names).toHaveLength(kind === 'siren' ? 3 : 1);
      const out = model.forward(audio);
      expectClose(out, targetOutputs(model, weights, t()), 1e-12);
      out.square().sum().backward();
      for (const name of names) {
        const own = parameter(model, `target.${name}`);
        expect(numbers(weights.get(name) as Tensor)).toEqual([...numbers(own), ...numbers(own)]);
        expect(largest(own.grad as Tensor)).toBeGreaterThan(0);
      }
    });
  });

  it.each([true, false])('have the gradients that differences show, layer norm %s', (layerNorm) => {
    scope(() => {
      using model = stirred(
        smallFewSound(kind, {
          encoder: { channels: 2, dimension: 2, strides: [2, 4], layerNorm },
          target: learnable,
          ...double,
        }),
      );
      const audio = sounds();
      const w = directionLike(audio);
      const objective = () => model.forward(audio, t(), { factor: 0.7 }).mul(w).sum();
      objective().backward();
      const step = 1e-6;
      for (const [name, own] of model.parameters()) {
        scope(() => {
          const direction = directionLike(own);
          const slope = (own.grad as Tensor).mul(direction).sum().item();
          const before = own.detach().clone();
          const moved = (distance: number) =>
            noGrad(() => {
              own.copy_(before.add(direction.mul(distance)));
              const value = objective().item();
              own.copy_(before);
              return value;
            });
          const difference = (moved(step) - moved(-step)) / (2 * step);
          const error = Math.abs(slope - difference) / Math.max(1, Math.abs(slope));
          expect({ name, close: error < 1e-5 }).toEqual({ name, close: true });
        });
      }
      for (const part of [
        'encoder.first.conv.weight',
        'universal.theta',
        'universal.conv0.weight',
      ]) {
        expect(largest(parameter(model, part).grad as Tensor)).toBeGreaterThan(0);
      }
    });
  });
});

describe('the warm-up', () => {
  it('lets the update grow with the epoch, to its whole', () => {
    scope(() => {
      using model = smallFewSound('nerf', { dtype: 'float64' });
      expect([1, 25, 50, 51, 2500].map((epoch) => model.factorAt(epoch))).toEqual([
        0.02, 0.5, 1, 1, 1,
      ]);
      expect([model.epoch, model.updateFactor]).toEqual([undefined, 1]);
      const audio = smallSounds(2, { dtype: 'float64' });
      const [none, half, whole] = [0, 0.5, 1].map((factor) =>
        numbers(model.write(audio, { factor })),
      ) as [number[], number[], number[]];
      const theta = numbers(parameter(model, 'universal.theta'));
      expectClose(model.write(audio, { factor: 0 }), [...theta, ...theta], 0);
      expect(whole).not.toEqual(none);
      expectClose(
        model.write(audio, { factor: 0.5 }),
        none.map((value, i) => (value + (whole[i] as number)) / 2),
        1e-12,
      );
      model.epoch = 25;
      expect(numbers(model.write(audio))).toEqual(half);
      expect(numbers(model.forward(audio))).toEqual(
        numbers(model.forward(audio, undefined, { factor: 0.5 })),
      );
      expect(() => {
        model.epoch = -1;
      }).toThrow(/epoch is -1; expected a whole number/);
      using without = smallFewSound('nerf', { warmupEpochs: 0 });
      expect(without.factorAt(1)).toBe(1);
    });
  });

  it('is not there without universal weights', () => {
    scope(() => {
      using model = smallHyperSound('nerf');
      model.epoch = 1;
      const audio = smallSounds(2);
      expect(model.updateFactor).toBe(1);
      expect(numbers(model.write(audio, { factor: 0.1 }))).toEqual(numbers(model.write(audio)));
    });
  });
});

describe('the encoder', () => {
  const free = { channels: 2, dimension: 3, strides: [2, 4, 5], layerNorm: false };

  it.each([2, 3, 39, 40, 41, 200, 333])('without layer norm takes %d samples', (samples) => {
    scope(() => {
      using model = smallHyperSound('nerf', { samples, encoder: free });
      const audio = smallSounds(2, { samples });
      expect(model.codes(audio).shape).toEqual([2, Math.ceil(samples / 40) * 3]);
      expect(model.forward(audio).shape).toEqual([2, samples]);
    });
  });

  it('hears nothing of the future', () => {
    scope(() => {
      using model = smallHyperSound('nerf', { samples: 200, encoder: free });
      const before = smallSounds(1, { samples: 200 });
      const after = before.clone();
      // The second step of a code ends with sample 40.
      noGrad(() => after.narrow(1, 41, 159).copy_(after.narrow(1, 41, 159).mul(-0.5)));
      const [first, second] = [before, after].map((audio) => model.codes(audio).reshape([3, 5]));
      const steps = (codes: Tensor | undefined, from: number, count: number) =>
        numbers((codes as Tensor).narrow(1, from, count));
      expect(steps(first, 0, 2)).toEqual(steps(second, 0, 2));
      expect(steps(first, 2, 1)).not.toEqual(steps(second, 2, 1));
    });
  });

  it('is followed by the code of theta, the same for all recordings', () => {
    scope(() => {
      using model = smallFewSound('kan');
      const codes = model.codes(smallSounds(2));
      const width = (SAMPLES / 8) * 2;
      expect(codes.shape).toEqual([2, 2 * width]);
      const [one, two] = [0, 1].map((row) => numbers(codes.select(0, row))) as [number[], number[]];
      expect(one.slice(width)).toEqual(two.slice(width));
      expect(one.slice(0, width)).not.toEqual(two.slice(0, width));
    });
  });

  it('gives a recording the same code in any company, to rounding', () => {
    scope(() => {
      using model = smallHyperSound('nerf');
      const three = smallSounds(3);
      expectClose(
        model.codes(three.narrow(0, 1, 1)),
        numbers(model.codes(three).select(0, 1)),
        1e-6,
      );
    });
  });
});

describe('a saved model', () => {
  it.each([
    ['fewsound', 'float32'],
    ['fewsound', 'float64'],
    ['hypersound', 'float32'],
  ] as const)('is loaded bit for bit: %s, %s', async (kind, dtype) => {
    const path = inFolder(`${kind}-${dtype}.safetensors`);
    const options = { dtype, mode: 'residual', sharedLayers: [1] } as const;
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
    await expect(load(path)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(/read it by loadHyperNetwork/),
    });
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    await refuses(path, /not a sound safetensors file/);
    using network = smallNetwork('nerf');
    await network.save(path);
    await refuses(path, /it holds a network, no model that writes networks; read it by load/);
  });

  it('another architecture than its tensors have', async () => {
    const wider = await changed('wider', ({ options }) => {
      options.hidden = [6, 6];
    });
    await refuses(wider, /says that it holds a fewsound model, but its state: "writer\.layers\.1/);
    const double = await changed('double', ({ options }) => {
      options.dtype = 'float64';
    });
    await refuses(double, /is float32 .*; expected float64/);
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
    await refuses(extra, /describe no model: .*colour is "red"/);
    const none = await changed('none', (model) => {
      model.options = null as never;
    });
    await refuses(none, /describe no model/);
  });

  it('an epoch that is none', async () => {
    const path = await changed('epoch', (model) => {
      model.epoch = 'last';
    });
    await refuses(path, /name the epoch "last"/);
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

describe('options that are none are refused', () => {
  const shared = { target: smallTargets.nerf, hidden: [4], encoder: { channels: 1 } };

  it.each<[object, string | undefined, RegExp]>([
    [{ target: { kind: 'finer' } }, 'target.kind', /target.kind is "finer"; expected 'kan'/],
    [{ target: {} }, 'target.kind', /target.kind is undefined/],
    [{ target: 'nerf' }, 'target', /target is "nerf". Expected \{ kind: 'kan', 'nerf' or 'siren'/],
    [{ target: { kind: 'nerf', seed: 3 } }, 'target.seed', /target.seed belongs to the model/],
    [{ target: { kind: 'kan', grids: 3 } }, 'grids', /grids is 3. There is no such option/],
    [{ samples: 0 }, 'samples', /samples is 0. Expected a whole number from 2/],
    [{ samples: 1.5 }, 'samples', /samples is 1\.5/],
    [{ mode: 'x' }, 'mode', /mode is "x". Expected 'target', 'residual', 'modulator'/],
    [{ hidden: [] }, 'hidden', /at least one hidden layer/],
    [{ encoder: { strides: [] } }, 'encoder.strides', /at least one stride/],
    [{ encoder: { strides: [2, 0] } }, 'encoder.strides.1', /encoder.strides.1 is 0/],
    [{ encoder: { norm: true } }, 'encoder.norm', /There is no such option; expected channels/],
    [{ sharedLayers: [3] }, undefined, /sharedLayers has 3; expected numbers .* from 0 to 2/],
    [{ sharedLayers: [0, 1, 2] }, undefined, /all layers of the target are shared/],
    [{ universalKernel: 0 }, 'universalKernel', /universalKernel is 0/],
    [{ warmupEpochs: -1 }, 'warmupEpochs', /warmupEpochs is -1/],
    [{ kernel: 3 }, 'kernel', /kernel is 3. There is no such option; expected target, samples/],
    [{ dtype: 'float16' }, 'dtype', /Expected 'float32' or 'float64'/],
  ])('%j', (options, field, message) => {
    const error = (() => {
      try {
        smallFewSound('nerf', { ...shared, ...(options as object) }).dispose();
      } catch (thrown) {
        return thrown as { code: string; field?: string; message: string };
      }
      throw new Error('it was made');
    })();
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', ...(field && { field }) });
    expect(error.message).toMatch(message);
  });

  it('a kernel that is too large for the target says what to do', () => {
    expect(() => new FewSound({ ...shared, samples: SAMPLES })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(
          /the target has 39 weights, too few for 2 convolutions of kernel 8101.*make the target larger or universalKernel smaller/,
        ),
      }),
    );
  });

  it('universal options belong to FewSound alone', () => {
    expect(() => smallHyperSound('nerf', { universalKernel: 3 } as object)).toThrow(
      /universalKernel is 3. There is no such option/,
    );
  });
});

describe('what is asked wrongly', () => {
  it('recordings and times of another shape or dtype are refused', () => {
    scope(() => {
      using model = smallFewSound('nerf');
      const audio = smallSounds(2);
      for (const wrong of [
        audio.select(0, 0),
        smallSounds(2, { samples: SAMPLES + 1 }),
        audio.narrow(0, 0, 0),
        audio.unsqueeze(0),
      ]) {
        for (const ask of [model.codes, model.write, model.forward] as ((x: Tensor) => Tensor)[]) {
          expect(() => ask.call(model, wrong)).toThrow(
            expect.objectContaining({
              code: 'SHAPE_MISMATCH',
              message: expect.stringContaining('expected [batch, 80]'),
            }),
          );
        }
      }
      expect(() => model.forward(smallSounds(2, { dtype: 'float64' }))).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      expect(() => model.forward(audio, timeAxis(4, { dtype: 'float64' }))).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      for (const t of [tensor([0, 1]), tensor([[0, 1]]), tensor([[[0]], [[1]]])]) {
        expect(() => model.forward(audio, t)).toThrow(
          expect.objectContaining({
            code: 'SHAPE_MISMATCH',
            message: expect.stringContaining('expected [n, 1]'),
          }),
        );
      }
      expect(() => model.weights(tensor([[1, 2]]))).toThrow(
        expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
      );
      expect(() => model.forward('sound' as never)).toThrow(/expected a Tensor/);
    });
  });

  it('a state is taken whole or not at all', () => {
    scope(() => {
      using model = smallFewSound('nerf');
      using other = smallFewSound('nerf', { seed: 3 });
      const audio = smallSounds(1);
      const before = numbers(model.forward(audio));
      const state = other.parameters();
      const refused = (change: [string, Tensor], expected: object) =>
        expect(() => model.loadStateDict(new Map([...state, change]))).toThrow(
          expect.objectContaining({ field: change[0], ...expected }),
        );
      const last = 'writer.layers.2.bias';
      refused([last, tensor([1, 2])], { code: 'SHAPE_MISMATCH' });
      const double = (state.get(last) as Tensor).to({ dtype: 'float64' });
      refused([last, double], { code: 'DTYPE_MISMATCH' });
      refused(['more', tensor([1])], { code: 'INVALID_ARGUMENT' });
      expect(numbers(model.forward(audio))).toEqual(before);
      model.loadStateDict(state);
      expect(numbers(model.forward(audio))).toEqual(numbers(other.forward(audio)));
    });
  });

  it('a model that was disposed of says so', async () => {
    const model = smallFewSound('nerf');
    const [first] = model.parameters().values();
    model.dispose();
    model.dispose();
    expect((first as Tensor).disposed).toBe(true);
    const disposed = expect.objectContaining({ code: 'DISPOSED' });
    scope(() => {
      expect(() => model.forward(smallSounds(1))).toThrow(disposed);
      expect(() => model.parameters()).toThrow(disposed);
    });
    await expect(model.save(inFolder('disposed.safetensors'))).rejects.toMatchObject({
      code: 'DISPOSED',
    });
  });
});
