import fc from 'fast-check';
import { FewSoundError } from '../../lib/errors';
import { cdpam, estoi, isCdpamSetUp, isPesqSetUp, pesq, stoi } from '../../lib/metrics';
import { noise } from './noise';

// Whatever the samples are, the answer is an error of ours, a finite number or null: never a crash,
// a hang or NaN.

type Kind =
  | 'noise'
  | 'zeros'
  | 'constant'
  | 'denormal'
  | 'clipped'
  | 'nan'
  | 'infinite'
  | 'huge'
  | 'click';

function signalOf(kind: Kind, length: number, seed: number): Float32Array {
  const random = Float32Array.from(noise(length, seed));
  const at = seed % Math.max(1, length);
  switch (kind) {
    case 'noise':
      return random;
    case 'zeros':
      return random.fill(0);
    case 'constant':
      return random.fill(0.7);
    case 'denormal':
      return random.map((value) => value * 1e-42);
    case 'clipped':
      return random.map((value) => Math.sign(value));
    case 'nan':
      return length === 0 ? random : random.with(at, Number.NaN);
    case 'infinite':
      return length === 0 ? random : random.with(at, Number.POSITIVE_INFINITY);
    case 'huge':
      return random.map((value) => value * 3e38);
    case 'click':
      return random.fill(0).with(0, 1);
  }
}

const kinds: Kind[] = [
  ...(['noise', 'zeros', 'constant', 'denormal', 'clipped'] as const),
  ...(['nan', 'infinite', 'huge', 'click'] as const),
];

const pairs = (longest: number, rates: readonly number[]) =>
  fc.record({
    kinds: fc.tuple(fc.constantFrom(...kinds), fc.constantFrom(...kinds)),
    length: fc.integer({ min: 1, max: longest }),
    extra: fc.constantFrom(0, 0, 0, 0, 1),
    sampleRate: fc.oneof(fc.constantFrom(...rates), fc.constantFrom(0, -1, 44_100.5, 1e9)),
    seed: fc.integer({ min: 0, max: 1000 }),
  });

type Measure = (
  reference: Float32Array,
  degraded: Float32Array,
  options: { sampleRate: number },
) => Promise<number | null>;

async function holds(
  measure: Measure,
  arbitrary: ReturnType<typeof pairs>,
  numRuns: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ kinds: [a, b], length, extra, sampleRate, seed }) => {
      const reference = signalOf(a, length, seed);
      const degraded = signalOf(b, length + extra, seed + 1);
      try {
        const score = await measure(reference, degraded, { sampleRate });
        expect(score === null || Number.isFinite(score)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(FewSoundError);
        expect((error as FewSoundError).code).not.toBe('INTERNAL');
      }
    }),
    { numRuns, seed: 1 },
  );
}

beforeAll(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

it('stoi', () => holds(stoi, pairs(30_000, [1000, 8000, 10_000, 16_000, 22_050, 48_000]), 150));
it('estoi', () => holds(estoi, pairs(30_000, [8000, 10_000, 11_025, 44_100]), 150));
(isPesqSetUp() ? it : it.skip)('pesq (skipped without `fewsound setup pesq`)', () =>
  holds(pesq, pairs(40_000, [8000, 16_000]), 150),
);
(isCdpamSetUp() ? it : it.skip)('cdpam (skipped without `fewsound setup cdpam`)', () =>
  holds(cdpam, pairs(300, [22_050, 22_050, 8000]), 25),
);
