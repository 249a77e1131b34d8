import { createInr, type InrKind, KAN, type KanOptions } from '../../lib/nn';

/** The base of the paper's ablation: encoding 8, grid 10, order 2, [48, 24, 12], with scale. */
const base: KanOptions = { encoding: 8, grid: 10, order: 2, layers: [48, 24, 12] };

function count(kind: InrKind, options: object = {}): number {
  using network = createInr(kind, options);
  return network.parameterCount;
}

describe('the parameter counts of paper 1', () => {
  it.each<[InrKind, object, number]>([
    ['nerf', {}, 33_261],
    ['siren', {}, 31_191],
    ['finer', {}, 31_191],
    ['wire', {}, 31_191],
    ['rff', {}, 39_201],
    ['kan', { encoding: 10, order: 2 }, 33_768],
  ])('Table 1: %s', (kind, options, expected) => {
    expect(count(kind, options)).toBe(expected);
  });

  it.each([
    [2, 23_016],
    [4, 25_704],
    [8, 31_080],
    [10, 33_768],
    [12, 36_456],
    [16, 41_832],
    [24, 52_584],
  ])('Table 7: encoding %i', (encoding, expected) => {
    expect(count('kan', { ...base, encoding })).toBe(expected);
  });

  it.each([
    [[24, 12, 6], 10_500],
    [[24, 24, 12, 6], 18_564],
    [[48, 12, 6], 19_908],
    [[48, 12, 12, 6], 21_924],
    [[48, 16, 8], 23_408],
    [[48, 24, 12], 31_080],
    [[96, 48, 24], 102_480],
  ])('Table 8: layers %j', (layers, expected) => {
    expect(count('kan', { ...base, layers })).toBe(expected);
  });

  it.each([
    [1, 28_860],
    [2, 31_080],
    [3, 33_300],
    [5, 37_740],
    [7, 42_180],
  ])('Table 9: order %i', (order, expected) => {
    expect(count('kan', { ...base, order })).toBe(expected);
  });

  it.each([
    [1, 11_100],
    [5, 19_980],
    [10, 31_080],
    [12, 35_520],
    [17, 46_620],
  ])('Table 10: grid %i', (grid, expected) => {
    expect(count('kan', { ...base, grid })).toBe(expected);
  });

  it.each([
    [false, 28_860],
    [true, 31_080],
  ])('Table 17: scale spline %s', (scaleSpline, expected) => {
    expect(count('kan', { ...base, scaleSpline })).toBe(expected);
  });

  it('the default KAN has edges × (1 base + 13 coefficients + 1 scale)', () => {
    const edges = 20 * 48 + 48 * 24 + 24 * 12 + 12;
    expect(count('kan')).toBe(edges * 15);
  });

  it("NeRF with the authors' code default of 10 frequencies", () => {
    expect(count('nerf', { encoding: 10 })).toBe(32_901);
  });

  it('what is learnable counts, what is fixed does not', () => {
    expect(count('kan', { ...base, learnableEncoding: true })).toBe(31_080 + 8);
    expect(count('siren', { learnableOmega: true })).toBe(31_191 + 6);
  });

  it('a weight layout holds the parameters of the hypernetwork, in order', () => {
    using kan = new KAN({ ...base, learnableEncoding: true });
    const layout = kan.weightLayout();
    expect(layout.slice(0, 3)).toEqual([
      { name: 'layers.0.base', shape: [48, 16] },
      { name: 'layers.0.coefficients', shape: [48, 16, 12] },
      { name: 'layers.0.scale', shape: [48, 16] },
    ]);
    const numbers = layout.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    expect(numbers.reduce((sum, size) => sum + size, 0)).toBe(31_080);
  });
});
