import fc from 'fast-check';
import {
  cumulativeResponses,
  filterBankOf,
  firstFrames,
  normalizeInput,
  responseDifference,
  responseSpectra,
  responsesByClass,
  visitResponseSpectra,
} from '../../lib/analysis';
import { createClip } from '../../lib/audio';
import { ops, scope, type Tensor, tensor } from '../../lib/tensor';
import { noise } from '../metrics/noise';

const RATE = 8000;
const recording = (length: number, seed = 1) => Float32Array.from(noise(length, seed));
const bank = (filters: number, length: number, stride = 10, seed = 7) =>
  filterBankOf({ values: noise(filters * length, seed), filters }, { stride, sampleRate: RATE });

/** An orthonormal real Fourier basis: a constant, cosines and sines, and the alternating one. */
function fourierBasis(length: number): Tensor {
  const rows = Array.from({ length }, (_, u) =>
    Array.from({ length }, (_, n) => {
      if (u === 0) return 1 / Math.sqrt(length);
      if (u === length - 1 && length % 2 === 0) return (n % 2 === 0 ? 1 : -1) / Math.sqrt(length);
      const angle = (2 * Math.PI * Math.ceil(u / 2) * n) / length;
      return Math.sqrt(2 / length) * (u % 2 === 1 ? Math.cos(angle) : Math.sin(angle));
    }),
  );
  return tensor(rows, { dtype: 'float64' });
}

/** Eq. 1 as it is written, one sum after the other. */
function byDefinition(filters: number[][], signal: number[], stride: number, bins: number) {
  const frames = Math.ceil(signal.length / stride);
  return Array.from({ length: bins + 1 }, (_, i) =>
    Array.from({ length: frames }, (_, j) => {
      let [re, im] = [0, 0];
      for (const filter of filters) {
        let response = 0;
        filter.forEach((value, n) => {
          response += value * (signal[j * stride + n] ?? 0);
        });
        filter.forEach((value, n) => {
          re += response * value * Math.cos((Math.PI * i * n) / bins);
          im -= response * value * Math.sin((Math.PI * i * n) / bins);
        });
      }
      return Math.hypot(re, im);
    }),
  );
}

describe('short-time response spectra', () => {
  test('are what the equation says, for any filters, stride and length', () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    const rows = fc.integer({ min: 1, max: 9 }).chain((length) =>
      fc.array(fc.array(number, { minLength: length, maxLength: length }), {
        minLength: 1,
        maxLength: 4,
      }),
    );
    fc.assert(
      fc.property(
        rows,
        fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 9, maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        // Also fewer than the filters are long: nothing is cut off.
        fc.integer({ min: 1, max: 9 }),
        (filters, signal, stride, bins) => {
          scope(() => {
            const found = responseSpectra(
              filterBankOf(tensor(filters, { dtype: 'float64' }), { stride, sampleRate: RATE }),
              [Float32Array.from(signal)],
              { bins, range: false, dtype: 'float64' },
            )[0];
            const expected = byDefinition(filters, signal, stride, bins);
            expect(found?.strs).toHaveLength(expected.flat().length);
            expected.flat().forEach((value, i) => {
              expect(found?.strs[i]).toBeCloseTo(value, 9);
            });
            const { crs } = found as { crs: ArrayLike<number> };
            expected.forEach((row, i) => {
              const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
              expect(crs[i]).toBeCloseTo(mean, 9);
            });
          });
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });

  test.each([16, 15])(
    'of a Fourier basis of %d are the magnitude spectrum of the input',
    (length) => {
      scope(() => {
        const samples = recording(200);
        const stride = 7;
        const basis = filterBankOf(fourierBasis(length), { stride, sampleRate: RATE });
        const bins = 8;
        const [found] = responseSpectra(basis, [samples], { bins, range: false, dtype: 'float64' });
        const frames = tensor(samples, { dtype: 'float64' })
          .pad([0, length - 1])
          .unfold(0, length, stride);
        const spectrum = frames
          .rfft(2 * bins)
          .abs()
          .transpose()
          .contiguous()
          .data('float64');
        expect(found?.strs).toHaveLength(spectrum.length);
        spectrum.forEach((value, i) => {
          expect(found?.strs[i]).toBeCloseTo(value, 9);
        });
      });
    },
  );

  test('of several banks are those of one bank whose filters end in zeros', () => {
    scope(() => {
      const [short, long] = [bank(3, 10), bank(2, 40, 10, 8)];
      const together = filterBankOf(ops.cat([short.filters.pad([0, 30]), long.filters], 0), {
        sampleRate: RATE,
      });
      const of = (banks: Parameters<typeof responseSpectra>[0]) =>
        responseSpectra(banks, [recording(500)], { bins: 32 })[0];
      const [several, one] = [of([short, long]), of(together)];
      expect(several?.times).toHaveLength(50);
      several?.strs.forEach((value, i) => {
        expect(value).toBeCloseTo(one?.strs[i] as number, 5);
      });
    });
  });

  test('have the axes of the paper, or a logarithmic one', () => {
    scope(() => {
      const filters = bank(3, 20);
      const [fourier] = responseSpectra(filters, [recording(95)], { bins: 4 });
      expect([...(fourier?.frequencies ?? [])]).toEqual([0, 1000, 2000, 3000, 4000]);
      expect([...(fourier?.times ?? [])].slice(0, 3)).toEqual([0, 0.00125, 0.0025]);
      expect(fourier?.times).toHaveLength(10);
      const [log] = responseSpectra(filters, [recording(95)], {
        bins: 3,
        axis: 'log',
        lowest: 500,
      });
      [500, 1000, 2000, 4000].forEach((hertz, i) => {
        expect(log?.frequencies[i]).toBeCloseTo(hertz, 9);
      });
      // The same transform: it has the same values where the frequencies meet.
      const frames = 10;
      for (const [row, same] of [
        [1, 1],
        [2, 2],
        [3, 4],
      ] as const) {
        for (let j = 0; j < frames; j++) {
          expect(log?.strs[row * frames + j]).toBeCloseTo(
            fourier?.strs[same * frames + j] as number,
            5,
          );
        }
      }
    });
  });

  test('through constant-Q windows see less of a filter the higher the frequency', () => {
    scope(() => {
      const filters = filterBankOf(
        {
          values: Float64Array.from({ length: 200 }, (_, n) => Math.cos((Math.PI * n) / 2)),
          filters: 1,
        },
        { sampleRate: RATE },
      );
      const at = (quality?: number) =>
        cumulativeResponses(filters, [recording(400)], {
          ...{ bins: 60, axis: 'log', lowest: 500 },
          ...(quality !== undefined && { quality }),
        }).crs[0] as Float32Array;
      const width = (values: Float32Array) => {
        const peak = Math.max(...values);
        return values.filter((value) => value > peak / 2).length;
      };
      expect(width(at(5))).toBeGreaterThan(width(at()));
    });
  });

  test.each([
    ['float64', 16, 9],
    ['float32', 16, 4],
    // No transform of a power of two: the sums are products with the filters' spectra.
    ['float32', 12, 4],
  ] as const)(
    'of %s with %d bins are right over many frames and several banks',
    (dtype, bins, digits) => {
      scope(() => {
        const samples = recording(731);
        const [many, long] = [bank(6, 7, 2), bank(2, 25, 2, 8)];
        const rows = [many, long].flatMap(({ filters }) => {
          const { shape } = filters;
          const values = filters.to({ dtype: 'float64' }).data('float64');
          return Array.from({ length: shape[0] as number }, (_, u) => [
            ...values.subarray(u * (shape[1] as number), (u + 1) * (shape[1] as number)),
          ]);
        });
        const options = { bins, range: false, dtype } as const;
        const [found] = responseSpectra([many, long], [samples], options);
        const expected = byDefinition(rows, [...samples], 2, bins);
        expect(found?.times).toHaveLength(366);
        expected.flat().forEach((value, i) => {
          expect(found?.strs[i]).toBeCloseTo(value, digits);
        });
      });
    },
  );

  test('can be visited one after the other, in memory that is used again', () => {
    scope(() => {
      const recordings = Array.from({ length: 20 }, (_, i) =>
        recording(i < 15 ? 20_000 : 200, i + 1),
      );
      const filters = bank(4, 30, 100);
      const expected = responseSpectra(filters, recordings, { bins: 8 });
      const memories = new Set<ArrayBufferLike>();
      let visited = 0;
      visitResponseSpectra(
        filters,
        recordings,
        ({ strs, crs, times }, index) => {
          expect(index).toBe(visited);
          visited += 1;
          memories.add(strs.buffer);
          expect(times).toEqual(expected[index]?.times);
          for (const [found, right] of [
            [strs, expected[index]?.strs],
            [crs, expected[index]?.crs],
          ] as const) {
            expect(found).toHaveLength(right?.length as number);
            found.forEach((value, i) => {
              expect(value).toBeCloseTo(right?.[i] as number, 5);
            });
          }
        },
        { bins: 8 },
      );
      expect(visited).toBe(20);
      expect(memories.size).toBeLessThan(20);
    });
  });

  test('do not depend on what else is analysed, in which batch', () => {
    scope(() => {
      const recordings = [300, 300, 200, 300].map((length, i) => recording(length, i + 1));
      const filters = bank(4, 30);
      const together = responseSpectra(filters, recordings, { bins: 16 });
      const { crs } = cumulativeResponses(filters, recordings, { bins: 16 });
      recordings.forEach((one, i) => {
        const [alone] = responseSpectra(filters, [one], { bins: 16 });
        expect(together[i]?.strs).toHaveLength(alone?.strs.length as number);
        alone?.strs.forEach((value, k) => {
          expect(together[i]?.strs[k]).toBeCloseTo(value, 5);
        });
        expect(crs[i]).toEqual(together[i]?.crs);
      });
    });
  });

  test('scale the input to the range; a constant becomes silence', () => {
    const scaled = normalizeInput(Float32Array.of(2, 4, 3), 1);
    expect([...scaled]).toEqual([-1, 1, 0]);
    expect([...normalizeInput(new Float32Array(3).fill(0.4))]).toEqual([0, 0, 0]);
    // As small as numbers get.
    expect([...normalizeInput(Float32Array.of(0, 1e-45, 0), 1)]).toEqual([-1, 1, -1]);
    scope(() => {
      const filters = bank(2, 5);
      const [one] = responseSpectra(filters, [recording(60)], { range: 1, bins: 8 });
      const [tenth] = responseSpectra(filters, [recording(60).map((x) => 3 * x + 1)], { bins: 8 });
      one?.crs.forEach((value, i) => {
        expect((tenth?.crs[i] as number) * 10).toBeCloseTo(value, 4);
      });
    });
  });
});

describe('responses side by side', () => {
  test('a difference is of one minus the other, on one pair of axes', () => {
    scope(() => {
      const filters = bank(3, 12);
      const [a, b, short] = responseSpectra(
        filters,
        [recording(90), recording(90, 2), recording(50)],
        {
          bins: 8,
        },
      );
      const difference = responseDifference(a as never, b as never);
      expect(difference.crs[3]).toBeCloseTo((a?.crs[3] as number) - (b?.crs[3] as number), 6);
      expect(difference.strs).toHaveLength(a?.strs.length as number);
      expect(() => responseDifference(a as never, short as never)).toThrow(/same bins, axis/);
    });
  });

  test('the beginning of a response is that to the beginning of the recording', () => {
    scope(() => {
      const filters = bank(3, 10);
      const options = { bins: 8, range: false } as const;
      const [whole] = responseSpectra(filters, [recording(90)], options);
      const [part] = responseSpectra(filters, [recording(90).subarray(0, 70)], options);
      // The last filter of the part reaches into the zeros behind it.
      const [kept, expected] = [firstFrames(whole as never, 6), firstFrames(part as never, 6)];
      expect([...kept.times]).toEqual([...expected.times]);
      for (const name of ['strs', 'crs'] as const) {
        kept[name].forEach((value, i) => {
          expect(value).toBeCloseTo(expected[name][i] as number, 5);
        });
      }
      expect(() => firstFrames(whole as never, 10)).toThrow(/from 1 to 9/);
    });
  });

  test('classes have a mean and a spread', () => {
    const responses = {
      frequencies: Float64Array.of(0, 1),
      crs: [Float32Array.of(1, 2), Float32Array.of(9, 9), Float32Array.of(3, 2)],
    };
    const classes = responsesByClass(responses, ['real', 'spoofed', 'real']);
    expect(classes.map(({ label, count }) => [label, count])).toEqual([
      ['real', 2],
      ['spoofed', 1],
    ]);
    expect([...(classes[0]?.mean ?? [])]).toEqual([2, 2]);
    expect(classes[0]?.deviation[0]).toBeCloseTo(Math.SQRT2, 12);
    expect([...(classes[1]?.deviation ?? [])]).toEqual([0, 0]);
    expect(() => responsesByClass(responses, ['real'])).toThrow(/1 labels for 3/);
  });
});

describe('what cannot be analysed', () => {
  const expectError = (body: () => unknown, code: string, message: RegExp) => {
    expect(() => scope(body)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  };

  test.each([
    [
      'a filter longer than the recording',
      20,
      'SHAPE_MISMATCH',
      /20 samples.*30 of the longest filter/,
    ],
    ['no samples', 0, 'AUDIO_EMPTY', /audio is empty/],
  ])('%s', (_, length, code, message) => {
    expectError(() => responseSpectra(bank(2, 30), [recording(length)]), code, message);
  });

  test('another rate, NaN, several inputs, strides that differ', () => {
    expectError(
      () => responseSpectra(bank(2, 30), [createClip(recording(50), 44_100)]),
      'INVALID_ARGUMENT',
      /44100 Hz.*8000 Hz; resample/,
    );
    const broken = recording(50);
    broken[7] = Number.NaN;
    const visit = jest.fn();
    expectError(
      () => visitResponseSpectra(bank(2, 30), [recording(50), broken], visit),
      'INVALID_ARGUMENT',
      /recordings.1: sample 7 is NaN/,
    );
    expect(visit).not.toHaveBeenCalled();
    expectError(
      () => responseSpectra(bank(2, 30), [broken]),
      'INVALID_ARGUMENT',
      /sample 7 is NaN/,
    );
    expectError(() => filterBankOf(ops.ones([4, 2, 3])), 'SHAPE_MISMATCH', /\[4, 2, 3\]/);
    expectError(
      () => filterBankOf(tensor([[1, Number.NaN]])),
      'INVALID_ARGUMENT',
      /NaN or infinity/,
    );
    expectError(
      () => responseSpectra([bank(2, 30), bank(2, 30, 5)], [recording(50)]),
      'INVALID_ARGUMENT',
      /stride, got 10 and 5/,
    );
    expectError(
      () => responseSpectra([], [recording(50)]),
      'INVALID_ARGUMENT',
      /at least one filter bank/,
    );
    expectError(
      () => responseSpectra(bank(2, 3), [recording(50)], { axis: 'log', lowest: 4000 }),
      'INVALID_ARGUMENT',
      /less than half the rate/,
    );
  });
});
