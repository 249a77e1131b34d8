import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createClip } from '../../lib/audio';
import { type InrKind, load } from '../../lib/nn';
import { type FitOptions, fit } from '../../lib/train';
import { smallNetwork } from '../nn/small-networks';
import { temporaryFolder } from '../nn/temporary-folder';
import { glide, quickLoss } from './glide';

const clip = glide();
const inFolder = temporaryFolder();

/** Fits until a step, where it is aborted; leaves a checkpoint. */
async function interrupted(kind: InrKind, path: string, options: FitOptions = {}): Promise<number> {
  using network = smallNetwork(kind);
  const controller = new AbortController();
  const error = await fit(network, clip, {
    loss: quickLoss,
    threads: 1,
    ...options,
    checkpoint: { path },
    signal: controller.signal,
    onProgress: ({ step }) => {
      if (step >= 3) controller.abort();
    },
  }).then(
    () => undefined,
    (reason: { code: string; message: string }) => reason,
  );
  expect(error).toMatchObject({ code: 'ABORTED' });
  expect(error?.message).toContain(path);
  return Number(/after step (\d+)/.exec(error?.message ?? '')?.[1]);
}

describe.each<InrKind>(['kan', 'wire', 'siren'])('an interrupted fit of a %s', (kind) => {
  it('goes on, bit for bit, as if nothing had happened', async () => {
    const path = inFolder(`${kind}.safetensors`);
    const options = {
      steps: 4000,
      threads: 1,
      loss: quickLoss,
      earlyStop: { patience: 4000 },
    };
    const reached = await interrupted(kind, path, options);
    expect(reached).toBeGreaterThanOrEqual(3);
    const more = { ...options, steps: reached + 15 };

    using resumed = smallNetwork(kind, { seed: 77 });
    const second = await fit(resumed, clip, { ...more, resume: path });
    using through = smallNetwork(kind);
    const whole = await fit(through, clip, more);
    expect(second.steps).toBe(whole.steps);
    expect(second.losses).toEqual(whole.losses);
    expect(resumed.render(clip.length)).toEqual(through.render(clip.length));
  });
});

describe('checkpoints', () => {
  it('are written after every so many steps and at the end', async () => {
    const path = inFolder('every.safetensors');
    using network = smallNetwork('kan');
    const options = { loss: quickLoss, threads: 1, schedule: 'constant' } as const;
    const seen: boolean[] = [];
    const { seconds, secondsPerStep } = await fit(network, clip, {
      ...options,
      steps: 25,
      checkpoint: { path, every: 10 },
      onProgress: () => seen.push(existsSync(path)),
    });
    // The file is that of step 25: nothing is left to do.
    using again = smallNetwork('kan');
    const result = await fit(again, clip, { ...options, steps: 25, resume: path });
    expect(result).toMatchObject({ steps: 25, stoppedBy: 'steps' });
    // The time is that of the steps, whenever they were taken.
    expect(result.secondsPerStep / secondsPerStep).toBeCloseTo(1, 0);
    expect(result.seconds).toBeGreaterThan(0.5 * seconds);
    expect(result.losses).toHaveLength(25);
    expect(Number.isFinite(result.siSnr)).toBe(true);
    expect(again.render(50)).toEqual(network.render(50));
    // And a constant schedule may be made longer.
    expect((await fit(again, clip, { ...options, steps: 27, resume: path })).steps).toBe(27);
  });

  it('do not change the course of the training', async () => {
    using plain = smallNetwork('nerf');
    using careful = smallNetwork('nerf');
    const options = { steps: 12, loss: quickLoss, threads: 1, schedule: 'oneCycle' } as const;
    const path = inFolder('course.safetensors');
    const a = await fit(plain, clip, options);
    const b = await fit(careful, clip, { ...options, checkpoint: { path, every: 5 } });
    expect(b.losses).toEqual(a.losses);
  });

  it('need a folder that is there, and say so before the first step', async () => {
    using network = smallNetwork('nerf');
    const path = inFolder('no/folder/x.safetensors');
    const fitting = fit(network, clip, { steps: 3, loss: quickLoss, checkpoint: { path } });
    await expect(fitting).rejects.toMatchObject({ code: 'IO', field: 'checkpoint.path' });
    expect(network.clip).toBeUndefined();
  });

  it('are no networks, and networks are no checkpoints', async () => {
    const checkpoint = inFolder('one.safetensors');
    const finished = inFolder('two.safetensors');
    using network = smallNetwork('nerf');
    const options = { steps: 2, loss: quickLoss };
    await fit(network, clip, { ...options, checkpoint: { path: checkpoint, every: 1 } });
    await network.save(finished);
    await expect(load(checkpoint)).rejects.toThrow(
      /checkpoint of a fit; go on with it by the option/,
    );
    await expect(fit(network, clip, { ...options, resume: finished })).rejects.toThrow(
      /finished network, not a checkpoint/,
    );
  });
});

describe('resume refuses', () => {
  const path = () => inFolder('refused.safetensors');
  const options: FitOptions = { steps: 6, loss: quickLoss, schedule: 'cosine' };

  beforeAll(async () => {
    using network = smallNetwork('kan');
    await fit(network, clip, { ...options, checkpoint: { path: path(), every: 3 } });
  });

  async function refuses(
    kind: InrKind,
    more: object,
    changes: Partial<FitOptions>,
    message: RegExp,
    sound = clip,
  ): Promise<void> {
    using network = smallNetwork(kind, more);
    const before = network.render(9);
    const fitting = fit(network, sound, { ...options, resume: path(), ...changes });
    await expect(fitting).rejects.toMatchObject({ message: expect.stringMatching(message) });
    expect(network.render(9)).toEqual(before);
    expect(network.clip).toBeUndefined();
  }

  it('another network', async () => {
    await refuses('nerf', {}, {}, /network's kind was "kan" and is "nerf" here/);
    await refuses('kan', { grid: 5 }, {}, /network's grid was 4 and is 5 here/);
    await refuses('kan', { dtype: 'float64' }, {}, /network's dtype was "float32"/);
  });

  it('another recording', async () => {
    const other = createClip(
      clip.samples.map((value) => value * 0.5),
      clip.sampleRate,
    );
    await refuses('kan', {}, {}, /the recording's sha256 was/, other);
    const slower = createClip(clip.samples, 4000);
    await refuses('kan', {}, {}, /the recording's sampleRate was 8000 and is 4000/, slower);
  });

  it('other options that decide the course', async () => {
    await refuses(
      'kan',
      {},
      { learningRate: 1e-4 },
      /option learningRate was 0\.005 and is 0\.0001/,
    );
    await refuses('kan', {}, { steps: 7 }, /option steps was 6 and is 7/);
    await refuses('kan', {}, { weightDecay: 0 }, /option weightDecay/);
    await refuses('kan', {}, { loss: { ...quickLoss, mels: 10 } }, /option loss/);
    await refuses('kan', {}, { schedule: 'constant' }, /option schedule/);
  });

  it('other steps where the loss takes a course over them', async () => {
    const loss = { ...quickLoss, course: [{ from: 0.5, mel: 0.5 }] };
    const staged = { ...options, schedule: 'constant', loss } as const;
    const state = inFolder('staged.safetensors');
    using network = smallNetwork('kan');
    await fit(network, clip, { ...staged, checkpoint: { path: state, every: 3 } });
    await refuses('kan', {}, { ...staged, resume: state, steps: 7 }, /option steps was 6 and is 7/);
  });

  it('a checkpoint that is not there, or damaged', async () => {
    await refuses('kan', {}, { resume: inFolder('none.safetensors') }, /no such file/);
    const cut = inFolder('cut.safetensors');
    writeFileSync(cut, readFileSync(path()).subarray(0, 3000));
    await refuses('kan', {}, { resume: cut }, /safetensors file/);
  });
});
