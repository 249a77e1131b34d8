import { crop } from '../../lib/audio';
import type { Inr } from '../../lib/nn';
import { type FitOptions, type FitProgress, fit, fitAll } from '../../lib/train';
import { smallNetwork } from '../nn/small-networks';
import { temporaryFolder } from '../nn/temporary-folder';
import { glide, quickLoss } from './glide';

// Steps that learn from a part of the samples: test/native/test_sample_blocks.cc has the gradients.
const clip = glide(3 * 2048);
const options = { steps: 12, loss: quickLoss, share: 0.34, shareUntil: 0.5, threads: 1 } as const;
const inFolder = temporaryFolder();

async function fitted(more: FitOptions = {}): Promise<{ losses: Float64Array; network: Inr }> {
  const network = smallNetwork('kan');
  return { ...(await fit(network, clip, { ...options, ...more })), network };
}

it('a share of the samples is another course, and the same one again', async () => {
  const { losses, network: first } = await fitted();
  const { losses: again, network: second } = await fitted();
  const { losses: whole, network: third } = await fitted({ share: 1 });
  expect(again).toEqual(losses);
  expect(losses[0]).not.toBe(whole[0]);
  expect(second.render(99)).toEqual(first.render(99));
  for (const network of [first, second, third]) network.dispose();
});

it('it goes on from a checkpoint, bit for bit, and with no other share', async () => {
  const path = inFolder('share.safetensors');
  const abort = new AbortController();
  const interruption = { signal: abort.signal, onProgress: () => abort.abort() };
  await expect(fitted({ checkpoint: { path }, ...interruption })).rejects.toThrow(/aborted after/);
  const { losses, network } = await fitted();
  const { losses: resumed, network: other } = await fitted({ resume: path });
  expect(resumed).toEqual(losses);
  expect(other.render(99)).toEqual(network.render(99));
  await expect(fitted({ resume: path, share: 0.5 })).rejects.toThrow(/option share was 0.34/);
  await expect(fitted({ resume: path, share: 1 })).rejects.toThrow(/option share was 0.34/);
  for (const each of [network, other]) each.dispose();
});

it('estimates have all samples', async () => {
  const seen: Float32Array[] = [];
  const onProgress: FitOptions['onProgress'] = ({ estimate }) => {
    if (estimate) seen.push(estimate);
  };
  const network = smallNetwork('kan');
  const expected = network.render(clip.length);
  await fit(network, clip, { ...options, steps: 1, estimates: true, onProgress });
  expect(seen[0]).toHaveLength(clip.length);
  const most = expected.reduce((far, value, i) => {
    return Math.max(far, Math.abs(value - ((seen[0] as Float32Array)[i] as number)));
  }, 0);
  expect(most).toBeLessThan(1e-5);
  network.dispose();
});

it('what is left allows for shorter steps, a quarter taking a third of the time', async () => {
  using network = smallNetwork('kan');
  const seen: FitProgress[] = [];
  const onProgress = (progress: FitProgress) => seen.push(progress);
  await fit(network, clip, { ...options, steps: 200, share: 0.25, onProgress });
  const done = (step: number) => Math.min(step, 100) / 3 + Math.max(0, step - 100);
  for (const { step, secondsElapsed, secondsLeft } of seen) {
    const expected = (secondsElapsed * (done(200) - done(step))) / done(step);
    expect(secondsLeft).toBeCloseTo(expected, 6);
  }
  expect(seen.at(-1)?.secondsLeft).toBe(0);
});

it('several clips have the same share', async () => {
  const clips = [clip, crop(glide(4 * 2048), 2048, 3 * 2048)];
  const make = (index: number) => smallNetwork('kan', { seed: index + 1, dtype: 'float64' });
  const together = await fitAll(clips, { ...options, network: make, together: 2 });
  for (const [i, own] of clips.entries()) {
    using alone = make(i);
    const { losses } = await fit(alone, own, options);
    const result = together[i];
    for (const [step, loss] of losses.entries()) {
      expect(result?.losses[step]).toBeCloseTo(loss, 9);
    }
    result?.network.dispose();
  }
});

it.each([
  [{ share: 0 }, 'share', /share is 0. Expected a number above 0, up to 1/],
  [{ share: 1.1 }, 'share', /share is 1.1/],
  [{ shareUntil: -1 }, 'shareUntil', /from 0 to 1/],
])('%j is refused', async (wrong, field, message) => {
  using network = smallNetwork('kan');
  await expect(fit(network, clip, { ...options, ...wrong })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field,
    message: expect.stringMatching(message),
  });
});
