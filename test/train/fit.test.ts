import { createClip } from '../../lib/audio';
import { evaluate } from '../../lib/metrics';
import { defaultLearningRates, type InrKind, inrKinds, KAN } from '../../lib/nn';
import type { Tensor } from '../../lib/tensor';
import { type FitOptions, type FitProgress, fit } from '../../lib/train';
import { smallNetwork } from '../nn/small-networks';
import { glide, quickLoss } from './glide';

const clip = glide();

describe.each<InrKind>(inrKinds)('fitting a %s', (kind) => {
  it('lowers the loss and says what happened', async () => {
    using network = smallNetwork(kind);
    const result = await fit(network, clip, { steps: 40, loss: quickLoss });
    expect(result.steps).toBe(40);
    expect(result.losses).toHaveLength(40);
    expect(result.loss).toBe(result.losses[39]);
    expect(result.loss).toBeLessThan(result.losses[0] as number);
    expect(result).toMatchObject({ stoppedBy: 'steps', device: 'cpu' });
    expect(result.threads).toBeGreaterThanOrEqual(1);
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.secondsPerStep).toBeCloseTo(result.seconds / 40, 10);
    expect(Number.isFinite(result.siSnr)).toBe(true);
    expect(network.clip).toEqual({ sampleRate: 8000, samples: 1200 });
  });

  it('is the same, bit for bit, with the same seed', async () => {
    const course = async () => {
      using network = smallNetwork(kind);
      const { losses } = await fit(network, clip, { steps: 6, threads: 1, loss: quickLoss });
      return { losses, sound: network.render(clip.length) };
    };
    expect(await course()).toEqual(await course());
  });
});

it('a KAN is the same, bit for bit, on several threads', async () => {
  // Several blocks of samples for each thread, and an odd number of them.
  const long = createClip(
    Float32Array.from({ length: 5_001 }, (_, i) => Math.sin(i * i * 1e-4)),
    8000,
  );
  const course = async () => {
    using network = new KAN({ seed: 5 });
    const { losses } = await fit(network, long, { steps: 8, threads: 3 });
    return { losses, sound: network.render(long.length) };
  };
  expect(await course()).toEqual(await course());
});

it('a KAN learns the sound', async () => {
  using kan = new KAN({ layers: [16, 8], encoding: 8, grid: 6, order: 3, seed: 2 });
  const result = await fit(kan, clip, { steps: 300, loss: quickLoss });
  const { siSnr } = await evaluate(clip, kan.render(clip.length), { metrics: ['siSnr'] });
  expect(siSnr).toBeGreaterThan(15);
  expect(Math.abs((result.siSnr as number) - (siSnr as number))).toBeLessThan(3);
});

it('float64 networks are fitted too, close to float32 at first', async () => {
  using single = smallNetwork('kan');
  using double = smallNetwork('kan').to({ dtype: 'float64' });
  const options = { steps: 3, loss: quickLoss };
  const [a, b] = [await fit(single, clip, options), await fit(double, clip, options)];
  for (const [i, loss] of a.losses.entries()) expect(b.losses[i]).toBeCloseTo(loss, 4);
});

it.each<[InrKind, object, string]>([
  ['kan', { learnableEncoding: true }, 'encoding.frequencies'],
  ['nerf', { learnableEncoding: true }, 'encoding.frequencies'],
  ['siren', { learnableOmega: true }, 'layers.1.omega'],
  ['finer', { learnableOmega: true }, 'layers.0.omega'],
  ['wire', { learnableOmega: true }, 'layers.0.omega'],
])('%s with %j learns %s', async (kind, options, name) => {
  using network = smallNetwork(kind, options);
  const learnable = network.parameters().get(name) as Tensor;
  const before = [...learnable.data('float32')];
  const { losses } = await fit(network, clip, { steps: 8, loss: quickLoss });
  expect([...learnable.data('float32')]).not.toEqual(before);
  expect(losses[7]).toBeLessThan(losses[0] as number);
});

it('silence can be learned; its SI-SNR is null', async () => {
  using network = smallNetwork('kan');
  const silence = createClip(new Float32Array(400), 8000);
  const { siSnr, losses } = await fit(network, silence, { steps: 5, loss: quickLoss });
  expect(siSnr).toBeNull();
  expect(losses.every(Number.isFinite)).toBe(true);
});

it('leaves the event loop free', async () => {
  using network = smallNetwork('kan');
  let turns = 0;
  const timer = setInterval(() => turns++, 2);
  await fit(network, clip, { steps: 60, loss: quickLoss });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
});

describe('progress', () => {
  it('comes in order and ends with the last step', async () => {
    using network = smallNetwork('kan');
    const reports: FitProgress[] = [];
    const result = await fit(network, clip, {
      steps: 60,
      loss: quickLoss,
      onProgress: (progress) => reports.push(progress),
    });
    const steps = reports.map(({ step }) => step);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    const last = reports.at(-1) as FitProgress;
    expect(last).toMatchObject({ step: 60, steps: 60, loss: result.loss, siSnr: result.siSnr });
    expect(last.secondsLeft).toBe(0);
    for (const { step, stepsPerSecond, secondsElapsed, secondsLeft } of reports) {
      expect(stepsPerSecond).toBeCloseTo(step / secondsElapsed, 6);
      expect(secondsLeft).toBeCloseTo((60 - step) / stepsPerSecond, 6);
    }
  });

  it('an error in it ends the fit and is thrown on', async () => {
    using network = smallNetwork('kan');
    const mine = new Error('mine');
    const fitting = fit(network, clip, {
      steps: 100_000,
      loss: quickLoss,
      onProgress: () => {
        throw mine;
      },
    });
    await expect(fitting).rejects.toBe(mine);
    // The network is free again.
    await fit(network, clip, { steps: 1, loss: quickLoss });
  });
});

describe('estimates', () => {
  it('are what the network sounded like before the update', async () => {
    using network = smallNetwork('kan');
    using earlier = smallNetwork('kan');
    const reports: FitProgress[] = [];
    const options = { loss: quickLoss, onProgress: (each: FitProgress) => reports.push(each) };
    await fit(earlier, clip, { ...options, steps: 4 });
    expect(reports.at(-1)).not.toHaveProperty('estimate');
    await fit(network, clip, { ...options, steps: 5, estimates: true });
    const estimate = reports.at(-1)?.estimate as Float32Array;
    const sound = earlier.render(clip.length);
    expect(estimate).toHaveLength(clip.length);
    // The two go through the network in other blocks, which may round otherwise.
    const furthest = sound.reduce(
      (most, x, i) => Math.max(most, Math.abs(x - (estimate[i] ?? 9))),
      0,
    );
    expect(furthest).toBeLessThan(1e-5);
  });
});

describe('look', () => {
  it('shows the network between two steps and leaves the result as it is', async () => {
    using alone = smallNetwork('kan');
    using seen = smallNetwork('kan');
    const options = { loss: quickLoss, steps: 20 };
    await fit(alone, clip, options);
    const looks: Promise<Float32Array | undefined>[] = [];
    let last: FitProgress | undefined;
    await fit(seen, clip, {
      ...options,
      onProgress: (progress) => {
        last = progress;
        looks.push(progress.look((network) => network.render(clip.length)));
      },
    });
    const sounds = await Promise.all(looks);
    expect(sounds.length).toBeGreaterThan(0);
    for (const sound of sounds) expect(sound).toHaveLength(clip.length);
    expect(seen.render(clip.length)).toEqual(alone.render(clip.length));
    expect(sounds.at(-1)).toEqual(alone.render(clip.length));
    expect(await last?.look(() => 'too late')).toBeUndefined();
  });

  it('gives what goes wrong to who looks, and the fit goes on', async () => {
    using network = smallNetwork('kan');
    const mine = new Error('mine');
    let looked: Promise<void> | undefined;
    const result = await fit(network, clip, {
      ...{ loss: quickLoss, steps: 10 },
      onProgress: ({ look }) => {
        const seen = look(() => {
          throw mine;
        });
        looked ??= expect(seen).rejects.toBe(mine);
        seen.catch(() => {});
      },
    });
    await looked;
    expect(looked).toBeDefined();
    expect(result.steps).toBe(10);
  });
});

describe('stop', () => {
  it('ends the fit within a step and keeps what was learned', async () => {
    using network = smallNetwork('kan');
    const controller = new AbortController();
    const result = await fit(network, clip, {
      steps: 100_000,
      loss: quickLoss,
      stop: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(result.stoppedBy).toBe('asked');
    expect(result.steps).toBeLessThan(100_000);
    expect(result.losses).toHaveLength(result.steps);
  });

  it('before the first step there is nothing to keep', async () => {
    using network = smallNetwork('kan');
    const fitting = fit(network, clip, { steps: 3, stop: AbortSignal.abort() });
    await expect(fitting).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('abort', () => {
  it('stops within a step', async () => {
    using network = smallNetwork('kan');
    const controller = new AbortController();
    const reason = new Error('enough');
    const fitting = fit(network, clip, {
      steps: 100_000,
      loss: quickLoss,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(fitting).rejects.toMatchObject({
      code: 'ABORTED',
      name: 'AbortError',
      cause: reason,
      message: expect.stringMatching(/aborted after step \d+/),
    });
    expect(network.render(5)).toHaveLength(5);
  });

  it('before the first step changes nothing', async () => {
    using network = smallNetwork('kan');
    const before = network.render(9);
    const signal = AbortSignal.abort();
    await expect(fit(network, clip, { steps: 3, signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(network.render(9)).toEqual(before);
    expect(network.clip).toBeUndefined();
  });
});

describe('early stop', () => {
  const run = async (earlyStop: FitOptions['earlyStop'], steps = 400) => {
    using network = new KAN({ layers: [12, 6], encoding: 8, grid: 6, seed: 2 });
    return fit(network, clip, { steps, loss: quickLoss, earlyStop });
  };

  it('at a loss', async () => {
    const { stoppedBy, loss, losses, steps } = await run({ loss: 0.5 });
    expect(stoppedBy).toBe('loss');
    expect(loss).toBeLessThanOrEqual(0.5);
    expect(losses.subarray(0, steps - 1).every((value) => value > 0.5)).toBe(true);
  });

  it('at an SI-SNR', async () => {
    const { stoppedBy, siSnr, steps } = await run({ siSnr: 3 });
    expect(stoppedBy).toBe('siSnr');
    expect(siSnr).toBeGreaterThanOrEqual(3);
    expect(steps).toBeLessThan(400);
  });

  it('after some steps without a lower loss', async () => {
    const { stoppedBy, steps } = await run({ patience: 4, minDelta: 1e6 });
    expect(stoppedBy).toBe('patience');
    expect(steps).toBe(5);
  });
});

describe('fit refuses, before anything is changed,', () => {
  it.each<[object, string, RegExp]>([
    [{ learningRate: Number.NaN }, 'learningRate', /learningRate is NaN.*above 0/],
    [{ learningRate: 0 }, 'learningRate', /learningRate is 0/],
    [{ steps: 0 }, 'steps', /steps is 0. Expected a whole number from 1/],
    [{ steps: 1.5 }, 'steps', /steps is 1\.5/],
    [{ weightDecay: -1 }, 'weightDecay', /0 or more/],
    [{ betas: [0.9, 1] }, 'betas.1', /from 0 to below 1/],
    [{ betas: 0.9 }, 'betas', /an array of 2 decays/],
    [{ epsilon: 0 }, 'epsilon', /above 0/],
    [{ schedule: 'linear' }, 'schedule', /Expected 'constant', 'cosine', 'oneCycle'/],
    [{ schedule: { kind: 'cosine', divFactor: 2 } }, 'schedule.divFactor', /no such option/],
    [{ loss: { time: 0, mel: 0 } }, 'loss.mel', /stft above 0/],
    [{ loss: { fftSizes: [100, 130] } }, 'loss.fftSizes.1', /a multiple of 4/],
    [{ loss: { fftSizes: [] } }, 'loss.fftSizes', /an array of 1 to 16 FFT sizes/],
    [{ loss: { mels: 0 } }, 'loss.mels', /from 1 to 4096/],
    [{ threads: 0 }, 'threads', /from 1 to 1024/],
    [{ earlyStop: { patience: 0 } }, 'earlyStop.patience', /from 1/],
    [{ earlyStop: { siSNR: 3 } }, 'earlyStop.siSNR', /no such option; expected siSnr/],
    [{ onProgress: 'yes' }, 'onProgress', /Expected a function/],
    [{ signal: {} }, 'signal', /Expected an AbortSignal/],
    [{ checkpoint: { path: '' } }, 'checkpoint.path', /Expected a path/],
    [{ lr: 1e-3 }, 'lr', /lr is 0\.001\. There is no such option; expected steps, learningRate/],
  ])('%j', async (options, field, message) => {
    using network = smallNetwork('kan');
    const before = network.render(9);
    await expect(fit(network, clip, options as FitOptions)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
      message: expect.stringMatching(message),
    });
    expect(network.render(9)).toEqual(before);
    expect(network.clip).toBeUndefined();
  });

  it('a clip that is too short for the loss, or has one sample', async () => {
    using network = smallNetwork('kan');
    const short = createClip(new Float32Array(1000).fill(0.1), 8000);
    await expect(fit(network, short)).rejects.toThrow(
      /1000 sample\(s\), but the loss with an FFT size of 2048 needs 1025 or more/,
    );
    const one = createClip([0.5], 8000);
    await expect(fit(network, one, { loss: { mel: 0 } })).rejects.toThrow(/time axis needs 2/);
  });

  it('what is no network, and what is no clip', async () => {
    using network = smallNetwork('kan');
    await expect(fit({} as KAN, clip)).rejects.toThrow(/expected a network/);
    await expect(fit(network, {} as typeof clip)).rejects.toThrow(/expected a Clip/);
    const bad = { ...clip, samples: Float32Array.of(1, Number.NaN, 2), length: 3 };
    await expect(fit(network, bad)).rejects.toThrow(/sample 1 is NaN/);
    await expect(fit(network, { ...clip, length: 7 })).rejects.toThrow(/length of the clip is 7/);
  });

  it('a network that is being fitted, and one that was disposed of', async () => {
    using network = smallNetwork('kan');
    const first = fit(network, clip, { steps: 50, loss: quickLoss });
    await expect(fit(network, clip, { steps: 5 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'network',
    });
    expect((await first).steps).toBe(50);
    network.dispose();
    await expect(fit(network, clip, { steps: 5, loss: quickLoss })).rejects.toMatchObject({
      code: 'DISPOSED',
    });
  });
});

it('says that it diverged', async () => {
  using network = smallNetwork('nerf');
  const fitting = fit(network, clip, { steps: 500, learningRate: 1e30, loss: quickLoss });
  await expect(fitting).rejects.toMatchObject({
    code: 'DIVERGED',
    message: expect.stringMatching(/try a lower learning rate/),
  });
});

it('every network has a learning rate of its own', () => {
  expect(Object.keys(defaultLearningRates).sort()).toEqual([...inrKinds].sort());
  expect(defaultLearningRates.kan).toBe(5e-3);
});
