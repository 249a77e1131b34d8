import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PreparedCorpus, ValidationBatches } from '../../lib/data';
import { evaluate, metricNames } from '../../lib/metrics';
import { type HyperNetwork, HyperSound, loadHyperNetwork } from '../../lib/nn';
import { noGrad, readSafetensors, scope, type Tensor, tensor } from '../../lib/tensor';
import {
  learningRateAt,
  type MetricsRecord,
  ReconstructionLoss,
  readMetricsLog,
  type StepRecord,
  type TrainOptions,
  type TrainProgress,
  train,
  type ValidationRecord,
  type ValidationResult,
} from '../../lib/train';
import { encoderKinds } from '../nn/small-hyper-networks';
import { temporaryFolder } from '../nn/temporary-folder';
import { quickLoss } from './glide';
import {
  lossesOf,
  numbersOf,
  openTinyCorpus,
  tinyEncoders,
  tinyModel,
  tinyModelOptions,
  tinyOptions,
  weightDistance,
  weightsOf,
} from './tiny-training';

const at = temporaryFolder();
let corpus: PreparedCorpus;
beforeAll(async () => {
  corpus = await openTinyCorpus(at('.'));
});
afterAll(() => corpus.close());

/** Changes every weight of a model in place. */
function everyWeight(model: HyperNetwork, change: (weight: Tensor) => Tensor): void {
  noGrad(() =>
    scope(() => {
      for (const weight of model.parameters().values()) change(weight);
    }),
  );
}

/** Trains a tiny model in a folder of its own. */
async function trained(
  model: Parameters<typeof train>[0],
  name: string,
  options: Partial<TrainOptions> = {},
) {
  const folder = at(name);
  const result = await train(model, corpus, { folder, ...tinyOptions, ...options });
  const log = await readMetricsLog(result.files.metrics);
  const steps = log.filter((record): record is StepRecord => record.kind === 'step');
  const validations = log.filter(
    (record): record is ValidationRecord => record.kind === 'validation',
  );
  return { folder, result, log, steps, validations };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('a training', () => {
  // What FewSound learns, with every target: overfit.test.ts.
  it('of a HyperSound model in float64 learns, too', async () => {
    const { universalKernel: _, warmupEpochs: __, ...options } = tinyModelOptions;
    const target = { kind: 'siren', layers: [10, 8], omega0: 60 } as const;
    using model = new HyperSound({ ...options, target, dtype: 'float64' });
    const { steps } = await trained(model, 'double', {
      epochs: 20,
      learningRate: 1e-3,
      validateEvery: 20,
    });
    const losses = steps.map(({ loss }) => loss as number);
    expect(losses).toHaveLength(60);
    // Three seeds come to 0.63, 0.64 and 0.69 of where they began.
    expect(mean(losses.slice(-6))).toBeLessThan(0.85 * mean(losses.slice(0, 6)));
  });

  it('leaves a folder with its options, its log, checkpoints and event files', async () => {
    using model = tinyModel();
    const { folder, result, log } = await trained(model, 'whole');
    const { files } = result;
    expect(log.map(({ kind, step, epoch }) => `${kind} ${step} ${epoch}`)).toEqual(
      [1, 2, 3].flatMap((epoch) => [
        ...[2, 1, 0].map((back) => `step ${3 * epoch - back} ${epoch}`),
        `validation ${3 * epoch} ${epoch}`,
      ]),
    );
    for (const record of log) {
      for (const value of Object.values(record)) expect(value).not.toBeNull();
      expect(record.seconds).toBeGreaterThan(0);
    }
    const config = JSON.parse(readFileSync(files.config, 'utf8'));
    expect(config).toMatchObject({
      model: { kind: 'fewsound', samples: 320, hidden: [10, 8], target: { layers: [8, 6] } },
      corpus: { corpus: 'folder', sampleRate: 8000 },
      epochs: 3,
      stepsPerEpoch: 3,
      batchSize: 8,
      accumulate: 1,
      checkpointEvery: 3,
      prefetch: expect.any(Number),
      validationMetrics: expect.any(Array),
      learningRate: 1e-3,
      weightDecay: 0.01,
      schedule: { kind: 'constant' },
      loss: { time: 1, mel: 1, mels: 20, fftSizes: [256, 128], sampleRate: 8000 },
      augmentation: { phaseMangle: 0.8, randomStart: true, dequantize: true },
      threads: 1,
    });
    expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual([
      'best.safetensors',
      'last.safetensors',
    ]);
    expect(readdirSync(folder).some((name) => name.startsWith('events.out.tfevents.'))).toBe(true);
    expect(result).toMatchObject({ epochs: 3, steps: 9, loss: lossesOf(log).at(-2) });
    expect(result.validation).toMatchObject({ step: 9, epoch: 3, loss: lossesOf(log).at(-1) });
    using last = await loadHyperNetwork(files.last);
    expect(last.epoch).toBe(3);
    expect(weightsOf(last)).toEqual(weightsOf(model));
  });

  it('is the same, bit for bit, with the same seeds, and another with others', async () => {
    using first = tinyModel();
    using second = tinyModel();
    using third = tinyModel();
    await trained(first, 'same-1');
    await trained(second, 'same-2', { prefetch: 1, validateEvery: 3 });
    await trained(third, 'other', { seed: 3 });
    expect(weightsOf(second)).toEqual(weightsOf(first));
    expect(weightsOf(third)).not.toEqual(weightsOf(first));
  });

  // In float64: where a gradient is nothing but rounding, AdamW makes a whole step of it in
  // float32.
  it('with two batches of four for an update is one with a batch of eight, to rounding', async () => {
    using eight = tinyModel({ dtype: 'float64' });
    using four = tinyModel({ dtype: 'float64' });
    const one = await trained(eight, 'eight');
    const two = await trained(four, 'four', { batchSize: 4, accumulate: 2 });
    expect(two.steps).toHaveLength(9);
    for (const [i, { loss }] of one.steps.entries()) {
      expect(two.steps[i]?.loss).toBeCloseTo(loss as number, 9);
    }
    expect(weightDistance(four, eight)).toBeLessThan(1e-9);
  });

  it.each(encoderKinds)('in bfloat16 stays close to one in float32: %s', async (kind) => {
    const encoder = tinyEncoders[kind];
    using exact = tinyModel({ encoder });
    using rounded = tinyModel({ encoder });
    const one = await trained(exact, `float32-${kind}`);
    const two = await trained(rounded, `bfloat16-${kind}`, { precision: 'bfloat16' });
    for (const [i, { loss }] of one.steps.entries()) {
      const other = two.steps[i]?.loss as number;
      expect(Math.abs(other / (loss as number) - 1)).toBeLessThan(0.05);
    }
    expect(two.steps[0]?.loss).not.toBe(one.steps[0]?.loss);
    expect(numbersOf(rounded).every(Number.isFinite)).toBe(true);
  });

  it('tells where it is, and leaves the event loop free', async () => {
    using model = tinyModel();
    const reports: TrainProgress[] = [];
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await trained(model, 'progress', {
      epochs: 20,
      validateEvery: 20,
      onProgress: (progress) => reports.push(progress),
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
    expect(reports.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    for (const report of reports) {
      expect(report).toMatchObject({ epochs: 20, steps: 60, epoch: Math.ceil(report.step / 3) });
      const { secondsElapsed, secondsLeft, samplesPerSecond, step } = report;
      expect(secondsLeft).toBeCloseTo((secondsElapsed / step) * (60 - step), 6);
      expect(Number.isFinite(samplesPerSecond) && samplesPerSecond > 0).toBe(true);
    }
    expect(reports.at(-1)?.secondsLeft).toBe(0);
  });
});

/** Validation recordings, [6, 320] flat. */
function validationAudio(): Promise<Float32Array> {
  const batches = new ValidationBatches({ store: corpus.validation, samples: 320, limit: 6 });
  return batches.batch(0, 0, 6);
}

/** Each recording's loss by the loss itself, and what the model makes of it. */
function lossesByHand(
  model: HyperNetwork,
  audio: Float32Array,
  weights: { time?: number; mel?: number } = {},
): { losses: number[]; estimates: Float32Array } {
  return scope(() => {
    const recordings = tensor(audio.slice(), { shape: [audio.length / 320, 320] });
    const estimates = model.forward(recordings).detach();
    const loss = new ReconstructionLoss({ ...quickLoss, ...weights, sampleRate: 8000 });
    const row = (all: Tensor, i: number) => all.narrow(0, i, 1).contiguous();
    return {
      losses: Array.from({ length: audio.length / 320 }, (_, i) =>
        loss.compute(row(estimates, i), row(recordings, i)).item(),
      ),
      estimates: Float32Array.from(estimates.contiguous().data() as Float32Array),
    };
  });
}

describe('validation', () => {
  it('has the means that evaluate gives over the segments', async () => {
    using model = tinyModel();
    const { validations, result } = await trained(model, 'validated', {
      batchSize: 4,
      validationMetrics: undefined,
    });
    expect(result.validation?.segments).toBe(6);
    const audio = await validationAudio();
    const { losses, estimates } = lossesByHand(model, audio);
    expect(validations.at(-1)?.loss).toBeCloseTo(mean(losses), 5);
    const rows = await Promise.all(
      losses.map((_, i) => {
        const part = [i * 320, (i + 1) * 320] as const;
        const metrics = metricNames.filter((name) => name !== 'cdpam');
        return evaluate(audio.slice(...part), estimates.slice(...part), {
          metrics,
          sampleRate: 8000,
        });
      }),
    );
    expect(validations.at(-1)).toMatchObject({ pesq: null });
    expect(validations.at(-1)).not.toHaveProperty('cdpam');
    for (const name of metricNames.filter((each) => each !== 'pesq' && each !== 'cdpam')) {
      const expected = mean(rows.map((row) => row[name] as number));
      const found = validations.at(-1)?.[name] as number;
      expect(Math.abs(found / expected - 1)).toBeLessThan(1e-3);
    }
  });

  it('measures what is asked for', async () => {
    using model = tinyModel();
    const { validations } = await trained(model, 'asked', { validationMetrics: ['estoi', 'mse'] });
    const {
      kind: _,
      step: _s,
      epoch: _e,
      loss: _l,
      seconds: _t,
      ...metrics
    } = validations.at(-1) as ValidationRecord;
    expect(Object.keys(metrics).sort()).toEqual(['estoi', 'mse']);
  });

  it('keeps the model of the lowest loss as the best', async () => {
    using model = tinyModel();
    const told: ValidationResult[] = [];
    const { result, validations } = await trained(model, 'best', {
      epochs: 4,
      onValidation: (validation) => {
        told.push(validation);
        // Weights that the two epochs which are left cannot mend: the best is not the last.
        if (validation.epoch === 2) everyWeight(model, (weight) => weight.mul_(5));
      },
    });
    const losses = validations.map(({ loss }) => loss as number);
    const lowest = losses.indexOf(Math.min(...losses));
    expect(lowest).toBeLessThan(2);
    expect(told.map(({ loss }) => loss)).toEqual(losses);
    expect(told.map(({ best }) => best)).toEqual(
      losses.map((loss, i) => losses.slice(0, i).every((before) => loss < before)),
    );
    expect(result.best).toEqual({ step: 3 * (lowest + 1), loss: losses[lowest] });
    using best = await loadHyperNetwork(result.files.best);
    expect(best.epoch).toBe(lowest + 1);
    const { losses: again } = lossesByHand(best, await validationAudio());
    expect(mean(again)).toBeCloseTo(losses[lowest] as number, 5);
  });

  it('comes every so many epochs, and after the last', async () => {
    using model = tinyModel();
    const { validations } = await trained(model, 'every', { epochs: 5, validateEvery: 2 });
    expect(validations.map(({ epoch }) => epoch)).toEqual([2, 4, 5]);
  });
});

describe('learning rate and beta1', () => {
  const rates = (steps: readonly StepRecord[]) =>
    steps.map(({ learningRate, beta1 }) => ({ learningRate, beta1 }));
  const cycle = { kind: 'oneCycle', warmupFraction: 0.05 } as const;

  it('go through one cycle by default, batch by batch, up to the rate that was given', async () => {
    using model = tinyModel();
    const options = { epochs: 8, learningRate: 25e-3, schedule: undefined, validateEvery: 8 };
    const { steps } = await trained(model, 'cycle', options);
    expect(steps[0]?.learningRate).toBeCloseTo(1e-3, 6);
    expect(Math.max(...steps.map(({ learningRate }) => learningRate))).toBeGreaterThan(0.02);
    const schedule = { schedule: cycle, learningRate: 25e-3, steps: 24 };
    expect(rates(steps)).toEqual(steps.map(({ step }) => learningRateAt(schedule, step - 1)));
  });

  it('stay for an epoch with stepPer epoch', async () => {
    using model = tinyModel();
    const options = {
      epochs: 8,
      schedule: 'oneCycle',
      stepPer: 'epoch',
      validateEvery: 8,
    } as const;
    const { steps } = await trained(model, 'cycle-epochs', options);
    const schedule = { schedule: cycle, learningRate: 1e-3, steps: 8 };
    expect(rates(steps)).toEqual(
      steps.map(({ step }) => learningRateAt(schedule, Math.floor((step - 1) / 3))),
    );
  });

  it('are constant where that was asked for, and 1e-5 or 1e-6 where nothing was', async () => {
    const first = async (name: string, target: object, options: Partial<TrainOptions>) => {
      using model = tinyModel({ target: target as typeof tinyModelOptions.target });
      const { steps } = await trained(model, name, { epochs: 1, ...options });
      return rates(steps);
    };
    const constant = await first('constant', tinyModelOptions.target, { betas: [0.8, 0.99] });
    expect(constant).toEqual(Array(3).fill({ learningRate: 1e-3, beta1: 0.8 }));
    const unset = { learningRate: undefined };
    const [nerf] = await first('default', tinyModelOptions.target, unset);
    expect(nerf?.learningRate).toBe(1e-5);
    const [siren] = await first('default-siren', { kind: 'siren', layers: [6] }, unset);
    expect(siren?.learningRate).toBe(1e-6);
  });
});

describe('weights of the loss with a ramp', () => {
  const ramp = { epochs: 4, lossRamps: { time: { from: 0.5, to: 1, epochs: 2 } } };

  it('go along it, epoch by epoch', async () => {
    // All but standing still, the model has in each epoch the loss of one whose weights are
    // constant.
    const still = { epochs: 4, learningRate: 1e-15, weightDecay: 0 };
    using model = tinyModel();
    const { steps } = await trained(model, 'ramps', { ...still, ...ramp });
    for (const [i, time] of [0.5, 0.75, 1, 1].entries()) {
      using other = tinyModel();
      const constant = await trained(other, `constant-${i}`, {
        ...still,
        loss: { ...quickLoss, time },
      });
      const lossesOf = (run: typeof constant.steps) =>
        run.filter(({ epoch }) => epoch === i + 1).map(({ loss }) => loss?.toPrecision(5));
      expect(lossesOf(steps)).toHaveLength(3);
      expect(lossesOf(steps)).toEqual(lossesOf(constant.steps));
    }
  });

  it('have in validations their last value, so that these can be compared', async () => {
    using model = tinyModel();
    const audio = await validationAudio();
    const expected: number[] = [];
    const { validations } = await trained(model, 'ramps-validated', {
      ...ramp,
      onValidation: () => {
        expected.push(mean(lossesByHand(model, audio, { time: 1, mel: 1 }).losses));
      },
    });
    expect(validations).toHaveLength(4);
    for (const [i, { loss }] of validations.entries()) {
      expect(loss).toBeCloseTo(expected[i] as number, 5);
    }
  });
});

it('clipping bounds the gradients; the log has their norm before it', async () => {
  using free = tinyModel();
  using held = tinyModel();
  const options = { epochs: 1, samplesPerEpoch: 8 };
  const one = await trained(free, 'unclipped', options);
  const two = await trained(held, 'clipped', { ...options, maxGradientNorm: 0.01 });
  const norm = one.steps[0]?.gradNorm as number;
  expect(norm).toBeGreaterThan(0.1);
  expect(two.steps[0]?.gradNorm).toBe(norm);
  // After one update the first moments are (1 - 0.9) times the gradients.
  const momentNorm = (path: string) =>
    scope(async () => {
      const { tensors } = await readSafetensors(path);
      let sum = 0;
      for (const [name, moments] of tensors) {
        if (name.startsWith('optimizer.first.')) sum += moments.square().sum().item();
      }
      return Math.sqrt(sum);
    });
  const near = (value: number, expected: number) =>
    expect(Math.abs(value / expected - 1)).toBeLessThan(1e-4);
  near(await momentNorm(one.result.files.last), 0.1 * norm);
  near(await momentNorm(two.result.files.last), 0.1 * 0.01);
});

it('an error in onProgress ends it and is thrown on; the model is free again', async () => {
  using model = tinyModel();
  const mine = new Error('mine');
  const training = train(model, corpus, {
    folder: at('thrown'),
    ...tinyOptions,
    onProgress: () => {
      throw mine;
    },
  });
  await expect(training).rejects.toBe(mine);
  await trained(model, 'after-thrown', { epochs: 1 });
  expect(existsSync(at('after-thrown'))).toBe(true);
});

it('a record of a step has its fields in the log of every step', async () => {
  using model = tinyModel();
  const { log } = await trained(model, 'fields', { epochs: 1 });
  const keys = Object.keys(log[0] as MetricsRecord).sort();
  expect(keys).toEqual(
    [
      'beta1',
      'epoch',
      'gradNorm',
      'kind',
      'learningRate',
      'loss',
      'samplesPerSecond',
      'seconds',
    ].concat('step'),
  );
});
