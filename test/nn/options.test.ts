import { FewSoundError } from '../../lib/errors';
import { createInr, type InrKind, inrKinds, KAN, Nerf, Rff, Siren } from '../../lib/nn';

function refusal(kind: InrKind, options: object): FewSoundError {
  try {
    createInr(kind, options).dispose();
  } catch (error) {
    if (error instanceof FewSoundError) return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

describe('options of networks', () => {
  it('are echoed with every default, frozen', () => {
    using kan = new KAN({ grid: 5, seed: 3 });
    expect(kan.options).toEqual({
      layers: [48, 24, 12],
      encoding: 10,
      encodingFrequencies: [],
      envelope: [],
      learnableEncoding: false,
      grid: 5,
      order: 3,
      gridRange: [-1, 1],
      scaleSpline: true,
      initNoise: 0.1,
      baseActivation: 'silu',
      seed: 3,
      dtype: 'float32',
      device: 'cpu',
    });
    expect(Object.isFrozen(kan.options)).toBe(true);
    expect(Object.isFrozen(kan.options.layers)).toBe(true);
  });

  it('do not keep the caller’s arrays', () => {
    const layers = [6, 4];
    using kan = new KAN({ layers });
    layers.push(2);
    expect(kan.options.layers).toEqual([6, 4]);
  });

  it('make the kinds that they name', () => {
    for (const kind of inrKinds) {
      using network = createInr(kind, { layers: [4] });
      expect(network.kind).toBe(kind);
    }
    expect(() => createInr('mlp' as InrKind)).toThrow(/kind is "mlp"; expected kan, nerf/);
  });

  it.each<[InrKind, object, string, RegExp]>([
    ['kan', { grid: -1 }, 'grid', /grid is -1\. Expected a whole number from 1 to 1024/],
    ['kan', { grid: 2.5 }, 'grid', /grid is 2\.5/],
    ['kan', { grid: 5000 }, 'grid', /grid is 5000/],
    ['kan', { order: 0 }, 'order', /order is 0\. Expected a whole number from 1 to 16/],
    ['kan', { order: 17 }, 'order', /order is 17/],
    ['kan', { order: Number.NaN }, 'order', /order is NaN/],
    ['kan', { order: '3' }, 'order', /order is "3"/],
    ['kan', { layers: [0] }, 'layers.0', /layers\.0 is 0\. Expected a whole number from 1/],
    ['kan', { layers: [] }, 'layers', /Expected an array of 1 to 64 layer widths/],
    ['kan', { layers: 48 }, 'layers', /layers is 48\. Expected an array of 1 to 64 layer widths/],
    ['kan', { encoding: 0 }, 'encoding', /encoding is 0/],
    ['kan', { encoding: 65 }, 'encoding', /from 1 to 64/],
    ['kan', { gridRange: [1, -1] }, 'gridRange', /the first below the second/],
    ['kan', { gridRange: [0, Number.POSITIVE_INFINITY] }, 'gridRange.1', /two finite numbers/],
    ['kan', { baseActivation: 'relu' }, 'baseActivation', /'silu' or 'tanh'/],
    ['kan', { initNoise: -0.1 }, 'initNoise', /0 or more/],
    [
      'kan',
      { omega0: 30 },
      'omega0',
      /omega0 is 30\. There is no such option; expected layers, enc/,
    ],
    ['kan', { seed: -1 }, 'seed', /seed is -1/],
    ['kan', { dtype: 'float16' }, 'dtype', /Expected 'float32' or 'float64'/],
    ['kan', { device: 'tpu' }, 'device', /device is "tpu"\. Expected 'cpu', 'cuda' or 'cuda:N'/],
    ['nerf', { learnableEncoding: 1 }, 'learnableEncoding', /Expected true or false/],
    ['siren', { omega0: 0 }, 'omega0', /above 0/],
    ['siren', { omega: Number.NEGATIVE_INFINITY }, 'omega', /omega is -Infinity/],
    ['finer', { biasScale: -1 }, 'biasScale', /0 or more/],
    ['rff', { frequencies: 0 }, 'frequencies', /frequencies is 0/],
    ['rff', { sigma: 0 }, 'sigma', /above 0/],
    ['wire', { scale: Number.NaN }, 'scale', /scale is NaN/],
  ])('%s refuses %j', (kind, options, field, message) => {
    const error = refusal(kind, options);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(kind);
  });

  it('refuses what are no options at all', () => {
    expect(refusal('kan', null as unknown as object).message).toMatch(/Expected an object/);
    expect(refusal('kan', [] as object).message).toMatch(/Expected an object/);
  });

  it('a device that is not there is an error, and nothing is left behind', () => {
    expect(refusal('kan', { device: 'cuda:99' }).code).toBe('DEVICE_UNAVAILABLE');
  });
});

describe('initial weights', () => {
  const values = (network: InstanceType<typeof KAN> | Nerf | Siren | Rff) =>
    [...network.stateDict().values()].map((tensor) => [...(tensor.data() as Float32Array)]);

  it.each(inrKinds)('%s: one seed gives the same weights, another gives others', (kind) => {
    using first = createInr(kind, { layers: [5, 4], seed: 7 });
    using same = createInr(kind, { layers: [5, 4], seed: 7 });
    using other = createInr(kind, { layers: [5, 4], seed: 8 });
    expect(values(same as KAN)).toEqual(values(first as KAN));
    expect(values(other as KAN)).not.toEqual(values(first as KAN));
  });

  it('takes seeds up to the largest safe integer', () => {
    using one = new Nerf({ layers: [3], seed: Number.MAX_SAFE_INTEGER });
    using other = new Nerf({ layers: [3], seed: Number.MAX_SAFE_INTEGER - 1 });
    expect(values(one)).not.toEqual(values(other));
  });

  it('a seed that is drawn is recorded', () => {
    using drawn = new Nerf({ layers: [6] });
    using again = new Nerf(drawn.options);
    expect(values(again)).toEqual(values(drawn));
    using another = new Nerf({ layers: [6] });
    expect(another.options.seed).not.toBe(drawn.options.seed);
  });

  it('KAN starts within ±1/√inputs', () => {
    using kan = new KAN({ layers: [30], encoding: 8, seed: 1 });
    const own = kan.parameters();
    for (const name of ['layers.0.base', 'layers.0.scale']) {
      const weights = own.get(name)?.data() as Float32Array;
      const largest = Math.max(...weights.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(1 / 4);
      expect(largest).toBeGreaterThan(0.9 / 4);
    }
  });

  it('SIREN divides the later weights by ω0 with the gradient fix, and does not without', () => {
    const largest = (gradientFix: boolean) => {
      using siren = new Siren({ layers: [40, 40], omega0: 500, gradientFix, seed: 1 });
      const weights = siren.parameters().get('layers.1.weight')?.data() as Float32Array;
      return Math.max(...weights.map(Math.abs));
    };
    expect(largest(false)).toBeCloseTo(Math.sqrt(6 / 40), 2);
    expect(largest(true) * 500).toBeCloseTo(Math.sqrt(6 / 40), 2);
  });

  it('RFF draws its frequencies with deviation σ', () => {
    using rff = new Rff({ layers: [2], frequencies: 4000, sigma: 7, seed: 1 });
    const drawn = rff.stateDict().get('encoding.projection')?.data() as Float32Array;
    const power = drawn.reduce((sum, value) => sum + value * value, 0) / drawn.length;
    expect(Math.sqrt(power)).toBeGreaterThan(6.6);
    expect(Math.sqrt(power)).toBeLessThan(7.4);
  });
});
