import { timeAxis } from '../../lib/nn';
import { scope } from '../../lib/tensor';
import { smallNetwork } from './small-networks';

describe('timeAxis', () => {
  it('runs from -1 to 1', () => {
    scope(() => {
      expect([...timeAxis(5).data('float32')]).toEqual([-1, -0.5, 0, 0.5, 1]);
      expect(timeAxis(5).shape).toEqual([5, 1]);
      expect([...timeAxis(1, { dtype: 'float64' }).data('float64')]).toEqual([-1]);
      const t = timeAxis(1001).data('float32');
      for (const [i, value] of t.entries()) expect(value).toBeCloseTo(-1 + (2 * i) / 1000, 6);
    });
  });

  it('refuses a length that is none', () => {
    expect(() => timeAxis(-3)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => timeAxis(2.5)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('render', () => {
  it('gives what forward gives on the time axis', () => {
    scope(() => {
      using network = smallNetwork('kan');
      const samples = 1000;
      const rendered = network.render(samples);
      const expected = network.forward(timeAxis(samples)).data('float32');
      expect(rendered).toBeInstanceOf(Float32Array);
      for (const [i, value] of expected.entries()) expect(rendered[i]).toBeCloseTo(value, 6);
    });
  });

  it('is the same block by block: longer than one block', () => {
    scope(() => {
      using network = smallNetwork('nerf', { dtype: 'float64' });
      const samples = 20_001;
      const rendered = network.render(samples);
      const whole = network.forward(timeAxis(samples, { dtype: 'float64' })).data('float64');
      for (const i of [0, 8191, 8192, 16_383, 16_384, 20_000]) {
        expect(rendered[i]).toBe(Math.fround(whole[i] as number));
      }
    });
  });

  it('renders any rate: at twice the rate every other sample is one of before', () => {
    using network = smallNetwork('kan', { dtype: 'float64' });
    network.clip = { sampleRate: 8000, samples: 801 };
    const once = network.render({});
    expect(once).toEqual(network.render(801));
    const twice = network.render({ sampleRate: 16_000 });
    expect(twice.length).toBe(1602);
    for (let i = 0; i < 801; i++) expect(twice[2 * i]).toBeCloseTo(once[i] as number, 6);
  });

  it('renders a stretch of time', () => {
    using network = smallNetwork('siren', { dtype: 'float64' });
    network.clip = { sampleRate: 1000, samples: 1000 };
    const whole = network.render(1000);
    const part = network.render({ from: 0.25, to: 0.5 });
    expect(part.length).toBe(250);
    for (const [i, value] of part.entries()) expect(value).toBeCloseTo(whole[250 + i] as number, 5);
    expect(network.render({ from: 0.999 }).length).toBe(1);
    expect(network.render({ to: 1, sampleRate: 44_100 }).length).toBe(44_100);
  });

  it.each([
    [{ from: -0.1 }, /from is -0\.1/],
    [{ from: 0.5, to: 0.5 }, /from 0\.5 s to 0\.5 s/],
    [{ to: 1.1 }, /within the recording's 1 s/],
    [{ sampleRate: 0 }, /sampleRate is 0/],
    [{ sampleRate: Number.NaN }, /sampleRate is NaN/],
    [{ from: 0, to: 1e-5 }, /0 samples/],
    [{ until: 3 } as object, /There is no such option; expected from, to, sampleRate/],
    [0, /0 samples/],
    [-5, /-5 samples/],
    [1.5, /1\.5 samples/],
    [Number.NaN, /NaN samples/],
  ])('refuses %j', (extent, message) => {
    using network = smallNetwork('nerf');
    network.clip = { sampleRate: 1000, samples: 1000 };
    expect(() => network.render(extent)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('says that seconds need a recording', () => {
    using network = smallNetwork('nerf');
    expect(() => network.render({ from: 0, to: 1 })).toThrow(/has not learned a recording/);
    expect(() => {
      network.clip = { sampleRate: 0, samples: 5 };
    }).toThrow(/sampleRate is 0/);
  });
});
