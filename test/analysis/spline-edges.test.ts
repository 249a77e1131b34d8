import {
  edgeFunction,
  type LayerEdges,
  type SplineEdge,
  splineEdges,
  switchOffEdges,
} from '../../lib/analysis';
import { KAN, Siren } from '../../lib/nn';

const TIMES = 50;
const times = Float64Array.from({ length: TIMES }, (_, i) => -1 + (2 * i) / (TIMES - 1));
const small = { layers: [4, 3], encoding: 3, grid: 5, dtype: 'float64', seed: 2 } as const;
const makers: [string, () => KAN][] = [
  ['a KAN', () => new KAN(small)],
  [
    'without a scale, off its grid',
    () => new KAN({ ...small, scaleSpline: false, gridRange: [-0.3, 0.2] }),
  ],
  ['with another activation', () => new KAN({ ...small, baseActivation: 'tanh' })],
];

/** What an edge adds at the times. */
function added(kan: KAN, layers: readonly LayerEdges[], edge: SplineEdge): Float64Array {
  const { entering } = layers[edge.layer] as LayerEdges;
  return edgeFunction(kan, edge, entering.slice(edge.input * TIMES, (edge.input + 1) * TIMES));
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe.each(makers)('the edges of %s', (_, make) => {
  let kan: KAN;
  let layers: LayerEdges[];

  beforeAll(() => {
    kan = make();
    layers = [0, 1, 2].map((layer) => splineEdges(kan, layer, times));
  });
  afterAll(() => kan.dispose());

  it('add up to what enters the next layer, and at last to the sound', () => {
    expect(layers.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [6, 4],
      [4, 3],
      [3, 1],
    ]);
    const sound = kan.render(TIMES);
    for (const [layer, { inputs, outputs }] of layers.entries()) {
      for (let output = 0; output < outputs; output++) {
        const sum = new Float64Array(TIMES);
        for (let input = 0; input < inputs; input++) {
          for (const [i, value] of added(kan, layers, { layer, output, input }).entries()) {
            sum[i] = (sum[i] as number) + value;
          }
        }
        const next = layers[layer + 1]?.entering.slice(output * TIMES, (output + 1) * TIMES);
        // Samples are float32.
        expect(furthest(sum, next ?? sound)).toBeLessThan(next ? 1e-12 : 1e-6);
      }
    }
  });

  it('have the standard deviation of what they add', () => {
    for (const [layer, { inputs, outputs, deviations }] of layers.entries()) {
      for (let output = 0; output < outputs; output++) {
        for (let input = 0; input < inputs; input++) {
          const values = added(kan, layers, { layer, output, input });
          const mean = values.reduce((sum, value) => sum + value, 0) / TIMES;
          const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / TIMES;
          expect(deviations[output * inputs + input]).toBeCloseTo(Math.sqrt(variance), 10);
        }
      }
    }
  });

  it('add nothing when they are switched off', () => {
    using other = make();
    const edge = { layer: 2, output: 0, input: 1 };
    const [with_, lost] = [kan.render(TIMES), added(kan, layers, edge)];
    switchOffEdges(other, [edge]);
    const without = other.render(TIMES);
    expect(
      furthest(
        with_.map((value, i) => value - (without[i] as number)),
        lost,
      ),
    ).toBeLessThan(1e-6);
    const all = Array.from({ length: 3 }, (_, input) => ({ layer: 2, output: 0, input }));
    switchOffEdges(other, all);
    expect(other.render(TIMES)).toEqual(new Float32Array(TIMES));
  });
});

describe('refused are', () => {
  it.each<SplineEdge>([
    { layer: 3, output: 0, input: 0 },
    { layer: 2, output: 1, input: 0 },
    { layer: 0, output: 0, input: 6 },
    { layer: 0, output: -1, input: 0.5 },
  ])('%j', (edge) => {
    using kan = new KAN(small);
    const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'edge' });
    expect(() => edgeFunction(kan, edge, [0])).toThrow(refusal);
    expect(() => switchOffEdges(kan, [edge])).toThrow(refusal);
  });

  it('networks without splines, a layer that there is not, and no time', () => {
    using siren = new Siren({ layers: [4] });
    using kan = new KAN(small);
    const refusal = (field: string) => expect.objectContaining({ code: 'INVALID_ARGUMENT', field });
    expect(() => splineEdges(siren as unknown as KAN, 0, times)).toThrow(refusal('kan'));
    expect(() => splineEdges(kan, 0, [])).toThrow(refusal('times'));
    expect(() => splineEdges(kan, 3, times)).toThrow(refusal('edge'));
  });
});
