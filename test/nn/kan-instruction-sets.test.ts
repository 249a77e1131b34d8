import { run } from '../binding/run-node';

type Numbers = Record<'float32' | 'float64', number[][]>;

async function numbers(environment: Record<string, string>): Promise<Numbers> {
  const { status, stdout, stderr } = await run('../nn/kan-numbers.cjs', [], [], environment);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Numbers;
}

/** Largest difference between the numbers of a tensor, relative to the largest of them. */
function distance(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) / largest;
}

describe('a KAN computes the same with the instruction set', () => {
  let reference: Numbers;
  beforeAll(async () => {
    reference = await numbers({ FEWSOUND_KAN: 'reference' });
  });

  // A processor without AVX-512 or AVX2 runs the best that it has in their place.
  it.each(['plain', 'avx2', 'avx512'])('%s', async (name) => {
    const found = await numbers({ FEWSOUND_CPU: name });
    for (const [dtype, tolerance] of [
      // Sums of 300 samples in another order than the reference's; three layers deep.
      ['float32', 2e-5],
      ['float64', 1e-12],
    ] as const) {
      for (const [i, exact] of reference[dtype].entries()) {
        expect(distance(found[dtype][i] as number[], exact)).toBeLessThan(tolerance);
      }
    }
  });
});
