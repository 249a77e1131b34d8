import {
  FewSound,
  type HyperNetwork,
  HyperSound,
  hypernetworkSizes,
  type TargetOptions,
  type WrittenSlot,
} from '../../lib/nn';
import { scope, type Tensor } from '../../lib/tensor';
import {
  largest,
  numbers,
  parameter,
  SAMPLES,
  smallFewSound,
  smallHyperSound,
  smallTargets,
  targetKinds,
} from './small-hyper-networks';

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

  it.each(['nerf', 'kan'] as const)(
    'of rows for a %s keep the variance of its layers, biases zero',
    (kind) => {
      scope(() => {
        using model = smallHyperSound(kind, wideWriter);
        for (const slot of model.writtenLayout()) {
          const { rows, biases } = rowsOf(model, slot);
          const inputs = slot.name.endsWith('.bias') ? 1 : (slot.shape[1] as number);
          expectUniform(rows, Math.sqrt(3 / (WIDTH * inputs)));
          expect(largest(biases)).toBe(0);
        }
      });
    },
  );

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
