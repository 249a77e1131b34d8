import { createClip } from '../../lib/audio';
import { Finer, inrKinds, KAN } from '../../lib/nn';
import type { Tensor } from '../../lib/tensor';
import {
  type Attempt,
  fit,
  isTransparent,
  type RecipeName,
  recipeFor,
  recipeNames,
  type TransparencyMetrics,
} from '../../lib/train';
import { applyRecipe, recipesOf } from '../../lib/train/recipes';

const samples = 1200;
const clip = createClip(
  Float32Array.from({ length: samples }, (_, i) => 0.5 * Math.sin(i / 7) + 0.3 * Math.sin(i / 2.1)),
  8000,
);

describe('a recipe', () => {
  it.each(recipeNames)('%s makes a network and fits it', async (recipe) => {
    const network = { layers: [6], seed: 1 };
    const result = await fit(clip, { recipe, network, steps: 4 });
    expect(result.steps).toBe(4);
    expect(result.losses.every(Number.isFinite)).toBe(true);
    expect(result.network).toBeInstanceOf(KAN);
    expect(result.network.options.layers).toEqual([6]);
    expect(result.network.options.encodingFrequencies).toEqual(
      recipe === 'paper' ? [] : Array.from({ length: 7 }, (_, i) => (samples / 4) ** (i / 6)),
    );
    result.network.dispose();
  });

  it.each(['quick', 'best'] as const)(
    '%s fits a FINER, in an envelope of its own',
    async (recipe) => {
      const network = { layers: [6, 5], seed: 1 };
      const result = await fit(clip, { kind: 'finer', recipe, network, steps: 4 });
      expect(result.network).toBeInstanceOf(Finer);
      expect(result.network.options).toMatchObject({ layers: [6, 5], omega0: 1000 });
      expect(result.network.options.envelope).toHaveLength(54);
      result.network.dispose();
      // In the time of a KAN's, a step of which takes half as long.
      const [own, kans] = [recipeFor(recipe, 'finer').fit, recipeFor(recipe).fit];
      expect(own).toMatchObject({ loss: kans.loss, schedule: kans.schedule, share: kans.share });
      expect(own.steps).toBeLessThan(0.51 * (kans.steps as number));
    },
  );

  it('of each kind is one of those that it has', async () => {
    for (const kind of inrKinds) {
      for (const recipe of recipeNames) {
        if (recipesOf(kind).includes(recipe)) {
          expect(recipeFor(recipe, kind).name).toBe(recipe);
        } else {
          await expect(fit(clip, { kind, recipe })).rejects.toMatchObject({
            ...{ code: 'INVALID_ARGUMENT', field: 'recipe' },
            message: expect.stringContaining(`not for ${kind}; expected paper`),
          });
        }
      }
    }
    const { network } = await fit(clip, { kind: 'nerf', network: { layers: [3] }, steps: 1 });
    expect(network.options).toMatchObject({ layers: [3], envelope: [] });
    network.dispose();
  });

  it('is quick where none is named, and gives way to what is given', async () => {
    const { loss } = recipeFor('quick').fit;
    const own = { layers: [4], encodingFrequencies: [1, 2.5], seed: 1 };
    const result = await fit(clip, { network: own, steps: 2, loss: { mel: 0, course: [] } });
    expect(result.network.options.encodingFrequencies).toEqual([1, 2.5]);
    expect(loss?.course).not.toHaveLength(0);
    result.network.dispose();
  });

  it('stays as it is where what is given is undefined', () => {
    const nothing = { steps: undefined, learningRate: undefined, loss: { mel: undefined } };
    const network = { layers: undefined, encoding: undefined };
    const given = { recipe: 'transparent', ...nothing, network } as const;
    expect(applyRecipe(given, clip)).toEqual(applyRecipe({ recipe: 'transparent' }, clip));
  });

  it('has the octaves that are asked for in place of its frequencies', () => {
    const { networks } = applyRecipe({ network: { encoding: 4 } }, clip);
    expect(networks[0]).toMatchObject({ encoding: 4 });
    expect(networks[0]).not.toHaveProperty('encodingFrequencies');
  });

  it('has a weight that is given throughout the fit', () => {
    const { fit: options } = applyRecipe({ recipe: 'best', loss: { mel: 0 } }, clip);
    expect(options.loss?.mel).toBe(0);
    expect(options.loss?.course).toHaveLength(2);
    for (const stage of options.loss?.course ?? []) expect(stage).not.toHaveProperty('mel');
    expect(options.loss?.course?.[0]).toHaveProperty('emphasized');
  });

  it('ends with the network that it is asked to stop at', async () => {
    const stop = new AbortController();
    const { network, attempts, stoppedBy } = await fit(clip, {
      ...{ recipe: 'transparent', steps: 1000, network: { seed: 1 }, stop: stop.signal },
      onProgress: () => stop.abort(),
    });
    expect(stoppedBy).toBe('asked');
    expect(attempts).toHaveLength(1);
    network.dispose();
  });

  it('is asked to stop between two networks, too', async () => {
    const stop = new AbortController();
    const { network, attempts } = await fit(clip, {
      ...{ recipe: 'transparent', steps: 1, network: { seed: 1 }, stop: stop.signal },
      onAttempt: () => stop.abort(),
    });
    expect(attempts).toHaveLength(1);
    network.dispose();
  });

  it('is the same, bit for bit, with the same seed', async () => {
    const options = { network: { layers: [5], seed: 3 }, steps: 6, threads: 1 };
    const [first, second] = [await fit(clip, options), await fit(clip, options)];
    expect(first.losses).toEqual(second.losses);
    first.network.dispose();
    second.network.dispose();
  });

  it('goes on to wider networks until one is transparent', async () => {
    const seen: Attempt[] = [];
    const onAttempt = (attempt: Attempt) => seen.push(attempt);
    const own = { recipe: 'transparent', steps: 1, network: { seed: 1 }, onAttempt } as const;
    const { network, attempts } = await fit(clip, own);
    expect(attempts).toEqual(seen);
    // Edges of 14 -> 45 -> 22 -> 11 -> 1, each with 1 base, 14 + 2 coefficients and 1 scale; and the
    // points of the envelope.
    expect(seen[0]?.parameters).toBe((14 * 45 + 45 * 22 + 22 * 11 + 11) * 18 + 54);
    for (const [i, { parameters }] of seen.entries()) {
      if (i > 0) expect(parameters / (seen[i - 1] as Attempt).parameters).toBeCloseTo(2, 0);
    }
    expect(network.parameterCount).toBe(seen.at(-1)?.parameters);
    expect(seen.slice(0, -1).some(isTransparent)).toBe(false);
    network.dispose();
  });

  it('stays with the first network that is transparent', async () => {
    const tone = createClip(
      Float32Array.from({ length: 600 }, (_, i) => 0.5 * Math.sin(i / 7)),
      8000,
    );
    const { network, attempts } = await fit(tone, {
      ...{ recipe: 'transparent', steps: 100, loss: { mel: 0, stft: 0, course: [] } },
      network: { seed: 1, encodingFrequencies: [1, 4, 13.6] },
    });
    expect(attempts).toHaveLength(1);
    expect(attempts?.[0]?.siSnr).toBeGreaterThan(38);
    network.dispose();
  });

  it.each<[TransparencyMetrics, boolean]>([
    [{ pesq: 4.4, siSnr: 20 }, true],
    [{ pesq: 3, siSnr: 38 }, true],
    [{ pesq: 4.3, siSnr: 37.9 }, false],
    [{ pesq: null, siSnr: null }, false],
    [{ siSnr: 40 }, true],
  ])('knows what is transparent: %j', (heard, expected) => {
    expect(isTransparent(heard)).toBe(expected);
  });

  it('of several networks does not resume', async () => {
    await expect(fit(clip, { recipe: 'transparent', resume: 'state' })).rejects.toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', field: 'resume' },
    });
  });

  it('of another name is refused', async () => {
    await expect(fit(clip, { recipe: 'loud' as RecipeName })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'recipe',
    });
  });

  it('needs samples enough for the frames of its loss', async () => {
    const short = createClip(clip.samples.subarray(0, 200), 8000);
    await expect(fit(short, { steps: 1, loss: { fftSizes: [16] } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'clip',
    });
  });
});

it('the encoding has the frequencies that are given, in cycles over the recording', () => {
  using network = new KAN({ encodingFrequencies: [1, 3.5, 20], layers: [2], seed: 1 });
  const own = network.stateDict().get('encoding.frequencies') as Tensor;
  const cycles = [...own.data('float32')].map((value) => value / Math.PI);
  for (const [i, expected] of [1, 3.5, 20].entries()) expect(cycles[i]).toBeCloseTo(expected, 5);
});
