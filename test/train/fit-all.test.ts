import { crop } from '../../lib/audio';
import type { FewSoundError } from '../../lib/errors';
import { type Inr, type InrKind, inrKinds, KAN } from '../../lib/nn';
import {
  type FitAllOptions,
  type FitAllProgress,
  type FittedClip,
  fit,
  fitAll,
} from '../../lib/train';
import { smallNetwork } from '../nn/small-networks';
import { glide, quickLoss } from './glide';

const whole = glide(3000);
const clips = [crop(whole, 0, 900), crop(whole, 700, 900), crop(whole, 2000, 900)] as const;

const disposeAll = (fitted: readonly FittedClip[]) => {
  for (const { network } of fitted) network.dispose();
};

describe.each<InrKind>(inrKinds)('many clips, each by a %s', (kind) => {
  const make = (index: number) => smallNetwork(kind, { seed: index + 1 });

  it('learn what each would have learnt alone', async () => {
    const options = { steps: 2, loss: quickLoss };
    const fitted = await fitAll(clips, { ...options, network: make, together: 3 });
    for (const [i, clip] of clips.entries()) {
      using alone = make(i);
      const { losses, siSnr } = await fit(alone, clip, options);
      const { index, network, ...result } = fitted[i] as FittedClip;
      expect(index).toBe(i);
      expect(result.losses).toHaveLength(2);
      expect(result.loss).toBe(result.losses[1]);
      // The same sums in another order, in float32; the second after one update.
      for (const [step, loss] of losses.entries()) {
        expect(Math.abs((result.losses[step] as number) - loss) / loss).toBeLessThan(1e-4);
      }
      expect(result.siSnr).toBeCloseTo(siSnr as number, 1);
      expect(network.clip).toEqual({ sampleRate: 8000, samples: 900 });
    }
    disposeAll(fitted);
  });

  // Rounding in float32 may come to anything in the course of a training; in float64 it has no time
  // to.
  it('learn it over many steps, in float64', async () => {
    const exact = (index: number) => make(index).to({ dtype: 'float64' });
    const options = { steps: 12, loss: quickLoss };
    const fitted = await fitAll(clips, { ...options, network: exact, together: 3 });
    for (const [i, clip] of clips.entries()) {
      using alone = exact(i);
      const { losses } = await fit(alone, clip, options);
      const { network, losses: together } = fitted[i] as FittedClip;
      for (const [step, loss] of losses.entries()) expect(together[step]).toBeCloseTo(loss, 9);
      const [a, b] = [network.render(900), alone.render(900)];
      for (let s = 0; s < 900; s += 7) expect(a[s]).toBeCloseTo(b[s] as number, 6);
    }
    disposeAll(fitted);
  });
});

it('clips of other lengths and networks of other shapes learn in loops of their own', async () => {
  const mixed = [clips[0], crop(whole, 0, 600), clips[1], crop(whole, 900, 600)] as const;
  const fitted = await fitAll(mixed, {
    steps: 2,
    loss: quickLoss,
    network: (i) => smallNetwork('kan', { grid: i === 2 ? 7 : 5 }),
  });
  expect(fitted.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  expect(fitted.map(({ network }) => network.clip?.samples)).toEqual([900, 600, 900, 600]);
  expect(fitted.map(({ network }) => (network as KAN).options.grid)).toEqual([5, 5, 7, 5]);
  disposeAll(fitted);
});

it('makes KANs where no network is asked for, and tells the course', async () => {
  const progress: FitAllProgress[] = [];
  const told: number[] = [];
  const fitted = await fitAll(clips, {
    steps: 3,
    loss: quickLoss,
    together: 2,
    onProgress: (each) => progress.push(each),
    onFitted: ({ index }) => told.push(index),
  });
  expect(fitted.every(({ network }) => network instanceof KAN)).toBe(true);
  expect(told).toEqual([0, 1, 2]);
  expect(progress.at(-1)).toMatchObject({ fitted: 3, clips: 3, step: 3, steps: 3 });
  expect(progress.at(-1)?.secondsLeft).toBeCloseTo(0, 6);
  for (const { loss } of progress) expect(Number.isFinite(loss)).toBe(true);
  disposeAll(fitted);
});

it('stops at the signal; what was handed over stays, the rest is disposed of', async () => {
  const controller = new AbortController();
  const made: Inr[] = [];
  const kept: Inr[] = [];
  const running = fitAll(clips, {
    steps: 2,
    loss: quickLoss,
    together: 1,
    signal: controller.signal,
    network: (i) => {
      made.push(smallNetwork('siren', { seed: i }));
      return made[i] as Inr;
    },
    onFitted: ({ network }) => {
      kept.push(network);
      controller.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
  expect(kept).toEqual([made[0]]);
  expect((kept[0] as Inr).render(10)).toHaveLength(10);
  expect(() => (made[1] as Inr).render(10)).toThrow(/disposed/);
  (kept[0] as Inr).dispose();
});

it.each<[string, object | undefined, FitAllOptions, string]>([
  ['no clips', [], {}, 'there are no clips'],
  ['no array', {}, {}, 'there are no clips'],
  ['a clip that is none', [{}], {}, 'expected a Clip'],
  ['a bad option', undefined, { together: 0 }, 'together is 0'],
  ['an option of fit', undefined, { resume: 'x' } as FitAllOptions, 'resume is for fit'],
  ['no function', undefined, { network: 3 } as unknown as FitAllOptions, 'network is 3'],
  ['no network', undefined, { network: () => ({}) as Inr }, 'expected a network'],
  ['a bad rate', undefined, { learningRate: -1 }, 'learningRate is -1'],
])('%s is an error before anything is learnt', async (_, given, options, message) => {
  const wrong = fitAll((given ?? clips) as typeof clips, options);
  await expect(wrong).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await wrong.catch((error: FewSoundError) => expect(error.message).toContain(message));
});

it('one network for two clips is an error', async () => {
  using network = smallNetwork('kan');
  await expect(fitAll(clips, { network: () => network, loss: quickLoss })).rejects.toThrow(
    /that of another clip/,
  );
});
