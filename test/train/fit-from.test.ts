import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clip, createClip } from '../../lib/audio';
import { encodeRecording, type Inr, KAN } from '../../lib/nn';
import { type FitFromOptions, type FitStart, fit } from '../../lib/train';
import { SAMPLES, smallFewSound, smallHyperSound, targetKinds } from '../nn/small-hyper-networks';

const RATE = 8000;
const soundOf = (samples: number, rate = RATE) =>
  createClip(
    Float32Array.from({ length: samples }, (_, i) => Math.sin(i / 3) * Math.cos(i / 40)),
    rate,
  );
const clip = soundOf(SAMPLES);
/** Without spectra: the clip is shorter than their frames. */
const waveform = { loss: { mel: 0, stft: 0, course: [] }, threads: 1 } as const;

/** Steps that change nothing: the loss before each is that of the beginning. */
const standing = { ...waveform, learningRate: 1e-30, weightDecay: 0 } as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-from-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a network that has learned nothing yet renders. */
async function beginningOf(from: FitStart): Promise<Float32Array> {
  const { network } = await fit(clip, { from, recipe: 'paper', steps: 1, ...standing });
  using _ = network;
  return network.render(SAMPLES);
}

describe('a fit from a model that writes networks', () => {
  it.each(targetKinds)('begins with the %s that it writes for the clip', async (kind) => {
    using model = smallFewSound(kind);
    using encoded = await encodeRecording(model, clip);
    expect(await beginningOf(model)).toEqual((encoded.networks[0] as Inr).render(SAMPLES));
  });

  it('leaves the model as it is, and reads one from a file', async () => {
    using model = smallHyperSound('kan');
    const before = [...model.parameters().values()].map((each) => each.data().slice());
    const path = join(folder, 'model.safetensors');
    await model.save(path);
    const options = { steps: 5, ...waveform };
    const [given, read] = [
      await fit(clip, { from: model, ...options }),
      await fit(clip, { from: path, ...options }),
    ];
    expect(read.losses).toEqual(given.losses);
    expect([...model.parameters().values()].map((each) => each.data().slice())).toEqual(before);
    given.network.dispose();
    read.network.dispose();
  });

  it('goes on from there: the first loss is that of the written network', async () => {
    using model = smallFewSound('kan');
    using encoded = await encodeRecording(model, clip);
    const written = encoded.networks[0] as Inr;
    const alone = await fit(written, clip, { steps: 3, ...waveform });
    const { losses, network } = await fit(clip, {
      ...{ from: model, recipe: 'paper', steps: 3, ...waveform },
    });
    expect(losses).toEqual(alone.losses);
    network.dispose();
  });

  it.each<[string, Clip, RegExp]>([
    ['of another length', soundOf(SAMPLES + 1), /80 samples.* 81/],
    ['at another rate', soundOf(SAMPLES, 16_000), /8000 Hz.* 16000 Hz/],
  ])('refuses a clip %s', async (_, other, message) => {
    using model = smallFewSound('kan');
    model.sampleRate = RATE;
    await expect(fit(other, { from: model, ...waveform })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'from',
      message: expect.stringMatching(message),
    });
  });
});

describe('a fit from a network', () => {
  it('begins with a copy', async () => {
    using network = new KAN({ layers: [4], encoding: 3, grid: 3, seed: 2 });
    const before = network.render(SAMPLES);
    expect(await beginningOf(network)).toEqual(before);
    const { network: learned } = await fit(clip, { from: network, steps: 3, ...waveform });
    expect(learned.render(SAMPLES)).not.toEqual(before);
    expect(network.render(SAMPLES)).toEqual(before);
    learned.dispose();
  });

  it('knows from the file which clips it is for', async () => {
    const { network } = await fit(clip, {
      network: { layers: [4], seed: 1 },
      steps: 2,
      ...waveform,
    });
    const path = join(folder, 'network.safetensors');
    await network.save(path);
    network.dispose();
    const { network: again } = await fit(clip, { from: path, steps: 1, ...waveform });
    again.dispose();
    await expect(fit(soundOf(99), { from: path, ...waveform })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'from',
    });
  });

  it.each<[string, Partial<FitFromOptions> & { network?: object }, string]>([
    ['networks of its own', { recipe: 'transparent' as 'quick' }, 'recipe'],
    ['options of a network', { network: { grid: 3 } }, 'network'],
    ['no start at all', { from: 3 as unknown as string }, 'from'],
  ])('refuses %s', async (_, options, field) => {
    using network = new KAN({ layers: [2], encoding: 2, grid: 2, seed: 1 });
    const given = { from: network, ...waveform, ...options } as FitFromOptions;
    await expect(fit(clip, given)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
  });

  it('refuses a recipe for a KAN where it is none', async () => {
    using model = smallFewSound('nerf');
    const given = { from: model, recipe: 'quick', ...waveform } as const;
    await expect(fit(clip, given)).rejects.toMatchObject({ field: 'recipe' });
  });
});

describe('a fit from a file', () => {
  it('refuses one that is missing, cut short, or in pieces', async () => {
    using model = smallFewSound('kan');
    const [whole, short, pieces] = ['whole', 'short', 'pieces'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await model.save(whole);
    await writeFile(short, (await readFile(whole)).subarray(0, -10));
    using encoded = await encodeRecording(model, soundOf(3 * SAMPLES));
    await encoded.save(pieces);
    const codeOf = (from: string) =>
      fit(clip, { from, ...waveform }).then(
        () => 'fitted',
        ({ code }) => code,
      );
    expect(await codeOf(join(folder, 'none'))).toBe('FILE_NOT_FOUND');
    expect(await codeOf(short)).toBe('FILE_FORMAT');
    expect(await codeOf(pieces)).toBe('INVALID_ARGUMENT');
  });
});
