import {
  blockDictionary,
  dictionaryMetrics,
  dictionaryOf,
  type FilterBank,
  geometryOfModel,
  waveformFilters,
} from '../../lib/analysis';
import { KAN } from '../../lib/nn';
import { ops, scope, type Tensor, tensor } from '../../lib/tensor';
import { noise } from '../metrics/noise';
import { fewSoundOfFewWeights } from './few-sound-of-few-weights';

const matrix = (rows: number, columns: number, seed = 3) =>
  tensor(noise(rows * columns, seed), { shape: [rows, columns] });

describe('geometryOfModel', () => {
  test('a KAN has a row for each layer of splines', () => {
    using kan = new KAN({ layers: [6, 4], encoding: 3, grid: 5, seed: 1 });
    const { grid, order, gridRange } = kan.options;
    const layers = geometryOfModel(kan.stateDict(), { spline: { grid, order, gridRange } });
    expect(
      layers.map(({ name, kind, dimension, atoms }) => [name, kind, dimension, atoms]),
    ).toEqual([
      ['layers.0', 'spline', 6, 36],
      ['layers.1', 'spline', 6, 24],
      ['layers.2', 'spline', 6, 4],
    ]);
    expect(() => geometryOfModel(kan.stateDict())).toThrow(/spline: \{ grid, order \}/);
  });

  test("every convolution of a FewSound is a layer, its encoder's residual units are marked", () => {
    using model = fewSoundOfFewWeights();
    const layers = geometryOfModel(model.parameters());
    const first = layers.find(({ kind }) => kind === 'conv1d');
    expect(first).toMatchObject({ name: 'encoder.first.conv', dimension: 7, atoms: 4 });
    const residual = layers.filter((layer) => layer.residual);
    expect(residual).toHaveLength(12);
    expect(residual[0]?.name).toBe('encoder.blocks.0.units.0.pointwise.conv');
    expect(layers.every(({ mu }) => mu >= 0 && mu <= 1)).toBe(true);
    const { layers: heard, banks } = waveformFilters(model.parameters(), { sampleRate: 22_050 });
    expect(heard).toEqual(['encoder.first.conv']);
    expect(banks[0]?.filters.shape).toEqual([4, 7]);
    banks[0]?.filters.dispose();
  });

  test("layers of SNAC's encoder have the weights that it computes with", () => {
    scope(() => {
      const encoder = {
        kind: 'snac',
        channels: 4,
        strides: [4, 5],
        headWidth: 8,
        width: 6,
      } as const;
      using model = fewSoundOfFewWeights(encoder);
      const state = model.parameters();
      const layers = geometryOfModel(state, { layers: ['encoder'] });
      const residual = layers.filter((layer) => layer.residual).map(({ name }) => name);
      expect(residual).toEqual([
        ...[0, 1].flatMap((block) =>
          [0, 1, 2].map((unit) => `encoder.blocks.${block}.units.${unit}.pointwise`),
        ),
        'encoder.attention.out',
      ]);
      expect(layers.filter(({ kind }) => kind === 'conv1d')).toHaveLength(2 + 2 * 7 + 1);
      const { layers: heard, banks } = waveformFilters(state, { sampleRate: 22_050 });
      expect(heard).toEqual(['encoder.first']);
      const numbersOf = (values: Tensor) => [...(values.detach().data() as Float32Array)];
      const [bank] = banks;
      const lengths = numbersOf((bank as FilterBank).filters.square().sum([1]).sqrt());
      const given = numbersOf((state.get('encoder.first.weight_g') as Tensor).flatten());
      for (const [i, length] of lengths.entries()) {
        expect(length).toBeCloseTo(given[i] as number, 5);
      }
    });
  });

  test('branches of a layer are one dictionary, filled up with zeros to the longest', () => {
    scope(() => {
      const [short, long] = [
        tensor(noise(24, 1), { shape: [4, 2, 3] }),
        tensor(noise(30, 2), { shape: [3, 2, 5] }),
      ];
      const state = new Map([
        ['conv1.branches.0.weight', long],
        ['conv2.branches.0.weight', short],
        ['conv2.branches.1.conv.weight', long],
        ['other.branches.0.weight', short],
        ['other.branches.1.weight', ops.ones([2, 4, 3])],
      ]);
      const [single, block, ...others] = geometryOfModel(state);
      expect(single).toMatchObject({ name: 'conv1', kind: 'conv1d', dimension: 10, atoms: 3 });
      expect(block).toMatchObject({ name: 'conv2', kind: 'block', dimension: 10, atoms: 7 });
      expect(block?.mu).toBe(
        dictionaryMetrics(blockDictionary([{ weight: short }, { weight: long }])).mu,
      );
      // Branches that read different inputs are layers of their own.
      expect(others.map(({ kind }) => kind)).toEqual(['conv1d', 'conv1d']);
    });
  });

  test('a description says what shapes do not: groups, dilation, what is one layer', () => {
    scope(() => {
      const weight = tensor(noise(16, 4), { shape: [4, 2, 2] });
      const state = new Map([
        ['module.a.weight', weight],
        ['module.deep.a.weight', weight.neg()],
        ['square', tensor(noise(36, 5), { shape: [2, 2, 3, 3] })],
      ]);
      const layers = geometryOfModel(state, {
        model: [
          { name: 'grouped', branches: [{ weight: 'a.weight', groups: 2 }], residual: true },
          {
            name: 'both',
            branches: [{ weight: 'a.weight' }, { weight: 'deep.a.weight', dilation: 3 }],
          },
          { name: 'square', branches: [{ weight: 'square', dilation: 2 }] },
        ],
      });
      expect(
        layers.map(({ kind, dimension, atoms, residual }) => [kind, dimension, atoms, residual]),
      ).toEqual([
        ['conv1d', 8, 4, true],
        ['block', 8, 8, false],
        ['conv2d', 50, 2, false],
      ]);
      expect(layers[0]?.mu).toBe(dictionaryMetrics(dictionaryOf(weight, { groups: 2 })).mu);
      const lacking = [{ name: 'x', branches: [{ weight: 'b.weight' }] }];
      expect(() => geometryOfModel(state, { model: lacking })).toThrow(/lacks "b.weight"/);
      expect(() => geometryOfModel(state, { model: [{ name: 'x', branches: [] }] })).toThrow(
        /layers: 0.branches is an array of 0/,
      );
    });
  });

  test('gives what was asked for: layers by name, distributions, gaps', () => {
    scope(() => {
      const state = new Map([
        ['a.0.weight', matrix(5, 3)],
        ['a.1.weight', matrix(6, 4)],
        ['b.weight', matrix(3, 3)],
      ]);
      const [first, ...rest] = geometryOfModel(state, {
        layers: ['b', 'a'],
        distributions: true,
        gap: { directions: 32, steps: 4 },
      });
      expect([first, ...rest].map((layer) => layer?.name)).toEqual(['b', 'a.0', 'a.1']);
      expect(first?.eigenvalues).toHaveLength(3);
      expect(first?.babel).toHaveLength(2);
      expect(first?.gap?.betaGap).toBeGreaterThan(0);
      expect(geometryOfModel(state)[0]).not.toHaveProperty('babel');
      expect(() => geometryOfModel(state, { layers: ['c'] })).toThrow(/has a\.0, a\.1, b/);
    });
  });

  test('names what is missing of a TSSDNet, and a model without layers', () => {
    scope(() => {
      const state = new Map([['module.conv1.weight', ops.ones([2, 1, 7])]]);
      expect(() => geometryOfModel(state, { model: 'inc-tssdnet' })).toThrow(
        /lacks "DCM1.cv1.weight"/,
      );
      expect(() => geometryOfModel(state, { model: 'res-tssdnet' })).toThrow(
        /lacks "RSM1.conv1.weight"/,
      );
      expect(() => geometryOfModel(new Map([['bias', ops.ones([2])]]))).toThrow(/has no layer/);
    });
  });
});

describe('waveformFilters', () => {
  test('takes the resolutions that stand side by side', () => {
    scope(() => {
      const state = new Map([
        ['branches.0.weight', ops.ones([4, 1, 10])],
        ['branches.1.weight', ops.ones([4, 1, 30])],
        ['other.weight', ops.ones([1, 1, 9])],
        ['second.0.weight', ops.ones([4, 8, 3])],
      ]);
      const { layers } = waveformFilters(state);
      expect(layers).toEqual(['branches.0', 'branches.1']);
      expect(waveformFilters(state, { layer: 'other.weight' }).layers).toEqual(['other']);
      expect(() => waveformFilters(state, { layer: 'third' })).toThrow(
        /branches.0, branches.1, other/,
      );
      expect(() => waveformFilters(state, { layer: 'second.0' })).toThrow(/\[4, 8, 3\]/);
      expect(() => waveformFilters(new Map())).toThrow(/no convolution that reads a waveform/);
    });
  });
});
