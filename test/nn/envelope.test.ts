import fc from 'fast-check';
import { createClip } from '../../lib/audio';
import { amplitudeEnvelope, createInr, inrKinds, KAN, timeAxis } from '../../lib/nn';
import { noGrad, scope, tensor } from '../../lib/tensor';
import { fit, fitAll } from '../../lib/train';

const RATE = 8000;

/** Noise whose level falls to a hundredth. */
function fading(samples: number, seed = 1) {
  let state = seed;
  const noise = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 1_073_741_824 - 1;
  };
  return createClip(
    Float32Array.from({ length: samples }, (_, i) => noise() * 10 ** ((-2 * i) / samples)),
    RATE,
  );
}

/** The value at a part of the way along equally distant ones. */
function along(values: readonly number[], part: number): number {
  const place = part * (values.length - 1);
  const before = Math.min(Math.floor(place), Math.max(values.length - 2, 0));
  const [first, second = first] = values.slice(before, before + 2) as [number, number?];
  return first + (second - first) * (place - before);
}

const size = { encoding: 3, layers: [4], grid: 4, seed: 1, dtype: 'float64' } as const;

describe('an amplitude envelope', () => {
  it('stays as it is where it is given', () => {
    expect(amplitudeEnvelope([3, 1.5], fading(100))).toEqual([3, 1.5]);
  });

  it('of a rule leaves a recording of peak 1, and with power 1 of level throughout', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 3000 }),
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom(0, 0.4, 1),
        (samples, points, power) => {
          const clip = fading(samples);
          const envelope = amplitudeEnvelope({ points, power }, clip);
          expect(envelope.length).toBe(Math.min(points, Math.floor(samples / 2)));
          const peak = clip.samples.reduce(
            (most, value, i) =>
              Math.max(most, Math.abs(value) / along(envelope, i / (samples - 1))),
            0,
          );
          expect(Math.abs(peak - 1)).toBeLessThan(1e-3);
        },
      ),
    );
    const flat = amplitudeEnvelope({ points: 11, power: 1 }, fading(20_000));
    for (const [i, value] of flat.entries()) {
      // The floor of a hundredth lifts the end.
      const level = 10 ** (-i / 5) + 0.01;
      expect(value / (flat[0] as number) / (level / 1.01)).toBeCloseTo(1, 0);
    }
  });

  it('of silence is 1', () => {
    expect(amplitudeEnvelope({ points: 3 }, { samples: new Float32Array(9) })).toEqual([1, 1, 1]);
  });

  it('refuses rules that are none', () => {
    for (const rule of [{ points: 0 }, { points: 2, power: 1.5 }, { points: 2, hop: 3 }]) {
      expect(() => amplitudeEnvelope(rule, fading(9))).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
    expect(() => new KAN({ envelope: [1, 0] })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it.each(inrKinds)('multiplies what a network gives, with any weights: %s', (kind) => {
    const own = kind === 'kan' ? size : { layers: [4], seed: 1, dtype: 'float64' as const };
    const takesWeights = ['kan', 'nerf', 'siren'].includes(kind);
    const times = [-1, -0.61, 0, 0.5, 0.999, 1];
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 10, noNaN: true }), { minLength: 1, maxLength: 7 }),
        (envelope) =>
          scope(() => {
            using plain = createInr(kind, own);
            using shaped = createInr(kind, { ...own, envelope });
            expect(shaped.parameterCount).toBe(plain.parameterCount + envelope.length);
            const t = tensor(Float64Array.from(times)).unsqueeze(1);
            const expected = plain.forward(t).data('float64');
            const weights = Object.fromEntries(
              plain
                .weightLayout()
                .map(({ name }) => [
                  name,
                  (plain.parameters().get(name) as ReturnType<typeof tensor>).unsqueeze(0),
                ]),
            );
            const given = takesWeights ? [shaped.forward(t, weights)] : [];
            for (const amplitude of [shaped.forward(t), ...given]) {
              for (const [i, value] of amplitude.flatten().data('float64').entries()) {
                const factor = along(envelope, ((times[i] as number) + 1) / 2);
                expect(value).toBeCloseTo((expected[i] as number) * factor, 12);
              }
            }
          }),
      ),
      { numRuns: 30 },
    );
  });

  it('gives no number for a time that is none', () => {
    using network = new KAN({ ...size, envelope: [1, 2] });
    noGrad(() =>
      scope(() => {
        const t = tensor(Float64Array.of(Number.NaN)).unsqueeze(1);
        expect(network.forward(t).item()).toBeNaN();
      }),
    );
  });

  it('is what a fit divides by: it takes the steps of the divided recording', async () => {
    const clip = fading(1200);
    const envelope = amplitudeEnvelope({ points: 7 }, clip);
    const divided = createClip(
      clip.samples.map((value, i) => value / along(envelope, i / (clip.length - 1))),
      RATE,
    );
    const options = { steps: 20, loss: { mel: 0 }, share: 0.5, shareUntil: 0.5 };
    using shaped = new KAN({ ...size, envelope });
    using plain = new KAN(size);
    const result = await fit(shaped, clip, options);
    const expected = await fit(plain, divided, options);
    for (const [step, loss] of result.losses.entries()) {
      expect(loss).toBeCloseTo(expected.losses[step] as number, 6);
    }
    const rendered = plain.render(clip.length);
    for (const [i, value] of shaped.render(clip.length).entries()) {
      const factor = along(envelope, i / (clip.length - 1));
      expect(value).toBeCloseTo((rendered[i] as number) * factor, 5);
    }
  });

  it("is each network's own where several learn in one loop", async () => {
    const clips = [fading(1200), fading(1200, 7)];
    const options = { steps: 10, loss: { mel: 0 } };
    const envelopes = [[1, 0.1], []];
    const fitted = await fitAll(clips, {
      ...options,
      together: 2,
      network: (index) => new KAN({ ...size, envelope: envelopes[index] as number[] }),
    });
    for (const [i, { network }] of fitted.entries()) {
      using alone = new KAN({ ...size, envelope: envelopes[i] as number[] });
      await fit(alone, clips[i] as (typeof clips)[0], options);
      const expected = alone.render(100);
      for (const [n, value] of network.render(100).entries()) {
        expect(value).toBeCloseTo(expected[n] as number, 5);
      }
      network.dispose();
    }
  });

  it('is drawn at the times of the axis', () => {
    using network = new KAN({ ...size, envelope: [2] });
    using plain = new KAN(size);
    noGrad(() =>
      scope(() => {
        const t = timeAxis(5, { dtype: 'float64' });
        const expected = plain.forward(t).mul(2).data('float64');
        expect([...network.forward(t).data('float64')]).toEqual([...expected]);
      }),
    );
  });
});
