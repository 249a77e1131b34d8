// The fused path of KAN layers against the reference, which computes them by ATen operators.
import fc from 'fast-check';
import { KAN } from '../../lib/nn';
import {
  Generator,
  gradients,
  ops,
  scope,
  setThreads,
  type Tensor,
  threads,
} from '../../lib/tensor';
import {
  along,
  distance,
  inSingle,
  type KanCase,
  kanCases,
  kanInputs,
  leavesOf,
  pass,
} from './kan-case';

const plain: KanCase = {
  encoding: 5,
  layers: [9, 6],
  grid: 7,
  order: 3,
  gridRange: [-1, 1],
  scaleSpline: true,
  initNoise: 2,
  baseActivation: 'silu',
  samples: 1,
  sets: 0,
  times: 'shared',
  strided: false,
  seed: 1,
};

/** Around the lengths of the blocks that go through the layers together; and one sample. */
const lengths = [1, 2, 15, 16, 17, 127, 128, 129, 255, 257, 1999];
const examples: [KanCase][] = lengths.map((samples) => [{ ...plain, samples }]);
const large = { samples: 2000, width: 70, grid: 80 };

describe('the fused path of KAN layers', () => {
  it('is another one than the reference: it rounds otherwise', () => {
    scope(() => {
      const inputs = inSingle(kanInputs({ ...plain, samples: 300 }));
      using _network = inputs.network;
      const [fused, reference] = (['fused', 'reference'] as const).map((path) =>
        along(path, () => inputs.network.forward(inputs.t).data('float32')),
      );
      expect(fused).not.toEqual(reference);
    });
  });

  it('has the reference’s amplitudes and gradients in float64', () => {
    fc.assert(
      fc.property(kanCases(large), (given) => {
        scope(() => {
          const inputs = kanInputs(given);
          using _network = inputs.network;
          const [fused, reference] = [
            along('fused', () => pass(inputs)),
            along('reference', () => pass(inputs)),
          ];
          for (const [name, exact] of reference) {
            const error = distance(fused.get(name) as Tensor, exact);
            // Roundings of 1e-16, multiplied by the slopes of four layers of splines on up to 80
            // intervals.
            if (!(error <= 1e-9)) throw new Error(`${name} is off by ${error}`);
          }
        });
      }),
      { numRuns: 30, seed: 5, examples },
    );
  });

  it('rounds in float32 as the reference does', () => {
    fc.assert(
      fc.property(kanCases(large), (given) => {
        scope(() => {
          const wide = kanInputs(given);
          const narrow = inSingle(wide);
          using _wide = wide.network;
          using _narrow = narrow.network;
          const exact = along('reference', () => pass(wide));
          const fused = along('fused', () => pass(narrow));
          const reference = along('reference', () => pass(narrow));
          for (const [name, value] of exact) {
            // Splines of order 1 have kinks: where rounding takes a sample over a knot its slope is
            // another one.
            if (given.order === 1 && name !== 'amplitude') continue;
            const error = distance(fused.get(name) as Tensor, value);
            const measure = distance(reference.get(name) as Tensor, value);
            // How far a stack amplifies a rounding is its own affair, and the reference shows it.
            // The sums have another order here, hence the factor; and may round a hundred times
            // where the reference is lucky.
            if (!(error <= 10 * measure + 1e-5)) {
              throw new Error(`${name} is off by ${error}, in the reference by ${measure}`);
            }
          }
        });
      }),
      { numRuns: 25, seed: 6, examples },
    );
  });

  it('can be differentiated twice', () => {
    const small = { samples: 40, width: 8, grid: 12 };
    fc.assert(
      // The second derivative of a spline of order 1 is 0, that of order 2 jumps.
      fc.property(kanCases(small), (given) => {
        scope(() => {
          const inputs = kanInputs(given);
          using _network = inputs.network;
          const leaves = [...leavesOf(inputs).values()];
          const [once, twice] = (['fused', 'reference'] as const).map((path) =>
            along(path, () => {
              const y = inputs.network.forward(inputs.t, inputs.weights ?? undefined);
              const first = gradients(y.square().sum(), leaves, { createGraph: true }) as Tensor[];
              const objective = first
                .map((gradient) => gradient.square().sum())
                .reduce((sum, each) => sum.add(each));
              return [...first, ...(gradients(objective, leaves) as Tensor[])];
            }),
          ) as [Tensor[], Tensor[]];
          for (const [i, exact] of twice.entries()) {
            // The roundings of the first gradients, multiplied by the curvature of the splines.
            expect(distance(once[i] as Tensor, exact)).toBeLessThan(1e-8);
          }
        });
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  it('gives NaN for the samples that are not finite, and the others what they get without those', () => {
    const positions = fc.uniqueArray(fc.nat(299), { minLength: 1, maxLength: 12 });
    const values = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(
        kanCases({ ...large, samples: 300 }),
        positions,
        values,
        fc.constantFrom('float32', 'float64'),
        (given, places, value, dtype) => {
          scope(() => {
            const wide = kanInputs({ ...given, times: 'shared', strided: false });
            const inputs = dtype === 'float64' ? wide : inSingle(wide);
            using _wide = wide.network;
            using _network = inputs.network;
            const at = (x: Tensor) => [...x.data(dtype as 'float64')];
            const clean = pass(inputs);
            const bad = places.filter((place) => place < given.samples);
            inputs.t.requiresGrad = false;
            for (const place of bad) inputs.t.narrow(0, place, 1).mul_(0).add_(value);
            const spoilt = pass(inputs);
            const reference = along('reference', () => pass(inputs));
            for (const name of ['amplitude', 't']) {
              const [before, after, same] = [clean, spoilt, reference].map((found) =>
                at(found.get(name) as Tensor),
              ) as [number[], number[], number[]];
              const isBad = (i: number) => bad.includes(i % given.samples);
              const wrong = after.flatMap((number, i) => {
                const asItShould = isBad(i)
                  ? Number.isNaN(number) && Number.isNaN(same[i])
                  : number === before[i] && !Number.isNaN(same[i]);
                return asItShould ? [] : [i];
              });
              expect(wrong).toEqual([]);
            }
          });
        },
      ),
      { numRuns: 30, seed: 8 },
    );
  });

  it('gives the same bits twice, on several threads as well', () => {
    const before = threads();
    const bits = (given: KanCase) =>
      scope(() => {
        const inputs = inSingle(kanInputs(given));
        return [...pass(inputs)].map(([name, x]) => [name, [...x.data('float32')]]);
      });
    try {
      for (const count of [1, 2, 5]) {
        setThreads(count);
        for (const sets of [0, 3]) {
          const given = { ...plain, sets, samples: 1500 };
          const first = bits(given);
          bits({ ...plain, samples: 77, layers: [33] });
          expect(bits(given)).toEqual(first);
        }
      }
    } finally {
      setThreads(before);
    }
  });

  it('takes half a million samples: they give what their pieces give by the reference', () => {
    scope(() => {
      const pieces = 4;
      const length = 142_861;
      using network = new KAN({ layers: [6, 3], encoding: 2, grid: 6, seed: 4, initNoise: 2 });
      const generator = new Generator(9);
      const t = ops
        .rand([pieces * length, 1], { generator })
        .mul(2)
        .sub(1);
      const parameters = [...network.parameters().values()];
      const whole = along('fused', () => {
        const y = network.forward(t);
        return { y: y.detach(), gradients: gradients(y.square().sum(), parameters) };
      });
      const sums = parameters.map((each) => ops.zeros(each.shape, { dtype: 'float64' }));
      for (let piece = 0; piece < pieces; piece++) {
        scope(() => {
          const stretch = t.narrow(0, piece * length, length);
          const y = along('reference', () => network.forward(stretch));
          const found = gradients(y.square().sum(), parameters);
          for (const [i, sum] of sums.entries()) sum.add_((found[i] as Tensor).to('float64'));
          const ours = whole.y.narrow(0, piece * length, length);
          expect(distance(ours, y.detach())).toBeLessThan(1e-5);
        });
      }
      for (const [i, sum] of sums.entries()) {
        // Hundreds of thousands of float32 numbers of both signs in one sum for each thread.
        expect(distance(whole.gradients[i] as Tensor, sum)).toBeLessThan(1e-3);
      }
    });
  });
});
