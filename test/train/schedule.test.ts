import { learningRateAt } from '../../lib/train';
import { withDefaults } from '../../lib/train/schedule';

describe('learningRateAt', () => {
  const learningRate = 0.01;

  it('is constant by default', () => {
    for (const step of [0, 5, 500]) {
      expect(learningRateAt({ learningRate, steps: 10 }, step)).toEqual({
        learningRate,
        beta1: 0.9,
      });
    }
  });

  it('falls along half a cosine to the minimum', () => {
    const schedule = { kind: 'cosine', minimum: 0.002 } as const;
    const at = (step: number) =>
      learningRateAt({ schedule, learningRate, steps: 10 }, step).learningRate;
    expect(at(0)).toBeCloseTo(0.01, 12);
    expect(at(5)).toBeCloseTo(0.006, 12);
    expect(at(10)).toBeCloseTo(0.002, 12);
    expect(at(99)).toBeCloseTo(0.002, 12);
  });

  it('goes up and down once in one cycle, beta1 the other way', () => {
    const schedule = { kind: 'oneCycle', warmupFraction: 0.25, divFactor: 10 } as const;
    const rates = Array.from({ length: 40 }, (_, step) =>
      learningRateAt({ schedule, learningRate, steps: 40 }, step),
    );
    expect(rates[0]?.learningRate).toBeCloseTo(0.001, 12);
    expect(rates[9]?.learningRate).toBeCloseTo(0.01, 12);
    expect(rates[39]?.learningRate).toBeCloseTo(0.001 / 1e4, 12);
    expect(rates[0]?.beta1).toBeCloseTo(0.95, 12);
    expect(rates[9]?.beta1).toBeCloseTo(0.85, 12);
    expect(Math.max(...rates.map((rate) => rate.learningRate))).toBeCloseTo(0.01, 12);
  });

  it('refuses a step that is none', () => {
    expect(() => learningRateAt({ learningRate, steps: 10 }, -1)).toThrow(/step|-1/);
    expect(() => learningRateAt({ learningRate: Number.NaN, steps: 10 }, 0)).toThrow(
      /learningRate is NaN/,
    );
  });
});

test('a course stored before an option was there has its default', () => {
  const stored = { loss: { sampleRate: 8000, mels: 20 }, schedule: { kind: 'cosine' }, epochs: 3 };
  expect(withDefaults(stored)).toMatchObject({
    loss: { time: 1, mel: 1, sampleRate: 8000, mels: 20, bandPower: 0 },
    schedule: { kind: 'cosine', minimum: 0 },
    epochs: 3,
  });
  const classifier = { batchSize: 4 };
  expect(withDefaults(classifier)).toEqual(classifier);
});
