import fc from 'fast-check';
import { addon } from '../../lib/addon/addon';
import type { EncoderOptions, HyperNetwork } from '../../lib/nn';
import { noGrad, ops, scope } from '../../lib/tensor';
import { numbers, smallEncoders, smallHyperSound, smallSounds } from './small-hyper-networks';

type SnacEncoder = Extract<EncoderOptions, { kind: 'snac' }>;

const snac = smallEncoders.snac;

function small(encoder: Partial<SnacEncoder>, samples = 80): HyperNetwork {
  return smallHyperSound('nerf', { samples, encoder: { ...snac, ...encoder }, dtype: 'float64' });
}

describe('the SNAC encoder', () => {
  it('has 21,192,997 parameters as the paper has it', () => {
    const target = { kind: 'nerf', layers: [1], encoding: 1 };
    const described = addon().describeModel('hypersound', {
      target,
      hidden: [1],
      encoder: { kind: 'snac' },
    });
    const ofEncoder = described.filter(([name]) => name.startsWith('encoder.'));
    const sizes = ofEncoder.map(([, shape]) => shape.reduce((product, size) => product * size, 1));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(21_192_997);
    expect(described.find(([name]) => name === 'writer.layers.0.weight')?.[1]).toEqual([1, 3296]);
  });

  it('takes any strides, widths, windows and lengths', () => {
    const cases = fc.record({
      channels: fc.integer({ min: 1, max: 5 }),
      strides: fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 1, maxLength: 3 }),
      window: fc.integer({ min: 0, max: 4 }),
      width: fc.integer({ min: 0, max: 9 }),
      samples: fc.integer({ min: 2, max: 150 }),
    });
    fc.assert(
      fc.property(cases, ({ samples, ...options }) =>
        scope(() => {
          const { channels, strides, window, width } = options;
          const unit = strides.reduce((product, stride) => product * stride, Math.max(window, 1));
          const steps = Math.ceil(samples / unit) * Math.max(window, 1);
          const all = channels * 2 ** strides.length * steps;
          fc.pre(width === 0 || all >= 4);
          using model = small(options, samples);
          const audio = smallSounds(2, { samples, dtype: 'float64' });
          expect(model.codes(audio).shape).toEqual([2, width === 0 ? all : width]);
          expect(model.forward(audio).shape).toEqual([2, samples]);
        }),
      ),
      { numRuns: 60 },
    );
  });

  it('hears a recording that ends within a window with zeros behind it', () => {
    scope(() => {
      const audio = smallSounds(2, { samples: 67, dtype: 'float64' });
      const filled = ops.cat([audio, ops.zeros([2, 13], { dtype: 'float64' })], 1);
      using short = small({}, 67);
      using whole = small({}, 80);
      expect(numbers(short.codes(audio))).toEqual(numbers(whole.codes(filled)));
      expect(short.codes(audio).shape).toEqual([2, 5]);
    });
  });

  it('lets a step hear others by attention within its window alone', () => {
    scope(() => {
      // The convolutions hear no more than 32 steps to either side of 4 samples each.
      const encoder = { strides: [2, 2], window: 64, width: 0 };
      using model = small(encoder, 512);
      using without = small({ ...encoder, window: 0 }, 512);
      const before = smallSounds(1, { samples: 512, dtype: 'float64' });
      const after = before.clone();
      noGrad(() => after.narrow(1, 508, 4).copy_(ops.neg(before.narrow(1, 508, 4))));
      const moved = ({ codes }: { codes: HyperNetwork['codes'] }, owner: HyperNetwork) => {
        const [one, two] = [before, after].map((audio) => numbers(codes.call(owner, audio)));
        // 4 channels, one after another, of 128 steps.
        return Array.from({ length: 128 }, (_, step) =>
          [0, 1, 2, 3].some((c) => one?.[128 * c + step] !== two?.[128 * c + step]),
        );
      };
      const local = moved(without, without).indexOf(true);
      const heard = moved(model, model).indexOf(true);
      expect(local).toBeGreaterThan(64);
      // The last convolution takes three more steps.
      expect(heard).toBe(64 - 3);
    });
  });

  it.each<[Partial<SnacEncoder>, string | undefined, RegExp]>([
    [{ headWidth: 6 }, undefined, /encoder\.headWidth is 6; expected a divisor of the 8 channels/],
    [{ headWidth: 3 }, 'encoder.headWidth', /headWidth is 3\. Expected a multiple of 2/],
    [{ strides: [1] }, 'encoder.strides.0', /strides\.0 is 1\. Expected a whole number from 2/],
    [
      { strides: [64, 64, 64, 64, 64, 64, 64, 64], window: 4096 },
      undefined,
      /samples or more at once.*make the strides or the window smaller/,
    ],
    [
      { dimension: 3 } as object,
      'encoder.dimension',
      /There is no such option; expected kind, chan/,
    ],
  ])('says what is wrong with %j', (encoder, field, message) => {
    expect(() => small(encoder)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        ...(field && { field }),
        message: expect.stringMatching(message),
      }),
    );
  });
});
