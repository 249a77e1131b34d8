import fc from 'fast-check';
import { createClip } from '../../lib/audio';
import { mae, mse, psnr, type Signal, siSnr, snr } from '../../lib/metrics';

const signals = (...values: number[]): Float32Array => Float32Array.from(values);
const epsilon = 2 ** -23;

/** Two signals of one length, neither of them constant. */
const anyPair = fc
  .integer({ min: 2, max: 40 })
  .chain((length) => {
    const samples = fc.float32Array({
      minLength: length,
      maxLength: length,
      min: -1,
      max: 1,
      noNaN: true,
    });
    return fc.tuple(samples, samples);
  })
  .filter((pair) => pair.every((samples) => Math.max(...samples) - Math.min(...samples) > 0.01));

describe('mse and mae', () => {
  it('are the means of squared and absolute differences', () => {
    expect(mse(signals(1, 0, -1, 0.5), signals(0, 0, 1, 0.5))).toBe(5 / 4);
    expect(mae(signals(1, 0, -1, 0.5), signals(0, 0, 1, 0.5))).toBe(3 / 4);
  });

  it('are zero for equal signals and do not care about the order', () => {
    fc.assert(
      fc.property(anyPair, ([a, b]) => {
        expect([mse(a, a), mae(a, a)]).toEqual([0, 0]);
        expect([mse(a, b), mae(a, b)]).toEqual([mse(b, a), mae(b, a)]);
        expect(mae(a, b) ** 2).toBeLessThanOrEqual(mse(a, b) * (1 + 1e-12));
      }),
      { seed: 5 },
    );
  });
});

describe('psnr', () => {
  it('takes the range of the reference', () => {
    expect(psnr(signals(1, -1), signals(0.9, -1.1))).toBeCloseTo(10 * Math.log10(4 / 0.01), 5);
  });

  it('counts zero into the range', () => {
    expect(psnr(signals(1, 0.5), signals(0.9, 0.4))).toBeCloseTo(20, 5);
    expect(psnr(signals(-1, -0.5), signals(-0.9, -0.4))).toBeCloseTo(20, 5);
  });

  it('is undefined for a silent reference and unbounded for equal signals', () => {
    expect(psnr(signals(0, 0), signals(0, 1))).toBeNull();
    expect(psnr(signals(0, 1), signals(0, 1))).toBeNull();
  });
});

describe('snr', () => {
  it('compares energies without removing the mean', () => {
    expect(snr(signals(3, 4), signals(3, 3.5))).toBeCloseTo(20, 4);
    expect(snr(signals(1, 1), signals(0.9, 0.9))).toBeCloseTo(20, 4);
  });

  it('is 0 dB for a silent degraded signal', () => {
    expect(snr(signals(0.3, -0.4), signals(0, 0))).toBe(0);
  });

  it('is undefined for a silent reference and at its top for equal signals', () => {
    expect(snr(signals(0, 0), signals(0, 1))).toBeNull();
    expect(snr(signals(0, 1), signals(0, 1))).toBeCloseTo(
      10 * Math.log10((1 + epsilon) / epsilon),
      9,
    );
  });
});

describe('siSnr', () => {
  it('projects on the reference', () => {
    // In the plane of [1,-1,0,0] and [0,0,1,-1]: twice the reference plus a fifth at right angles.
    const reference = signals(1, -1, 0, 0);
    const degraded = signals(2, -2, 0.2, -0.2);
    expect(siSnr(reference, degraded)).toBeCloseTo(20, 4);
  });

  it('does not care about level and offset of the degraded signal', () => {
    fc.assert(
      fc.property(
        anyPair.filter(([a, b]) => (siSnr(a, b) as number) > -40 && (siSnr(a, b) as number) < 40),
        fc.float({ min: Math.fround(0.5), max: 2, noNaN: true }),
        fc.float({ min: -1, max: 1, noNaN: true }),
        ([reference, degraded], gain, offset) => {
          const changed = degraded.map((value) => gain * value + offset);
          expect(siSnr(reference, changed)).toBeCloseTo(siSnr(reference, degraded) as number, 1);
        },
      ),
      { seed: 6 },
    );
  });

  it('is undefined when either signal is silent or constant', () => {
    const live = signals(0, 1, 0);
    for (const flat of [signals(0, 0, 0), signals(0.1, 0.1, 0.1)]) {
      expect(siSnr(flat, live)).toBeNull();
      expect(siSnr(live, flat)).toBeNull();
    }
    expect(siSnr(signals(1), signals(1))).toBeNull();
  });
});

describe('every distortion metric', () => {
  const metrics = { mse, mae, psnr, snr, siSnr };

  it('is a finite number or null, whatever the finite signals', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true });
    const pair = fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pair, (rows) => {
        const a = Float32Array.from(rows, ([x]) => x);
        const b = Float32Array.from(rows, ([, y]) => y);
        for (const metric of Object.values(metrics)) {
          const result = metric(a, b);
          expect(result === null || Number.isFinite(result)).toBe(true);
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  describe.each(Object.entries(metrics))('%s', (_, metric) => {
    it('takes clips and bare samples alike', () => {
      const [a, b] = [signals(1, 0, 0.5), signals(0.9, 0.2, 0.4)];
      expect(metric(createClip(a, 8000), b)).toBe(metric(a, b));
    });

    it('names both lengths when they differ', () => {
      expect(() => metric(new Float32Array(32_768), new Float32Array(32_767))).toThrow(
        expect.objectContaining({
          code: 'SHAPE_MISMATCH',
          shapes: [[32_768], [32_767]],
          message: expect.stringMatching(/32768.*32767/),
        }),
      );
    });

    it.each<[string, unknown, unknown, string, string]>([
      ['NaN', signals(0, 1), signals(1, Number.NaN), 'INVALID_ARGUMENT', 'degraded'],
      ['infinity', signals(Number.POSITIVE_INFINITY), signals(1), 'INVALID_ARGUMENT', 'reference'],
      ['no samples', signals(), signals(), 'AUDIO_EMPTY', 'reference'],
      ['a plain array', [1], signals(1), 'INVALID_ARGUMENT', 'reference'],
      ['null', signals(1), null, 'INVALID_ARGUMENT', 'degraded'],
      [
        'two rates',
        createClip([1], 8000),
        createClip([1], 16_000),
        'INVALID_ARGUMENT',
        'sampleRate',
      ],
    ])('refuses %s', (__, reference, degraded, code, field) => {
      expect(() => metric(reference as Signal, degraded as Signal)).toThrow(
        expect.objectContaining({ code, field }),
      );
    });
  });
});
