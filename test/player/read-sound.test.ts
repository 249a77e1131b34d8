import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Inr, inrKinds, KAN, PiecewiseInr } from '../../lib/nn';
import { readSound, type Sound } from '../../lib/player';
import { noGrad, scope, tensor, writeSafetensors } from '../../lib/tensor';
import { GoldenFile, numbers } from '../conformance/golden-file';
import { goldenNetwork } from '../conformance/golden-networks';
import { along } from '../nn/kan-case';
import { smallNetwork } from '../nn/small-networks';
import { temporaryFolder } from '../nn/temporary-folder';

const file = temporaryFolder();

/** The network as the player has it, by way of a file. */
async function played(network: Inr | PiecewiseInr): Promise<Sound> {
  const path = file('model.safetensors');
  await network.save(path);
  return readSound(await readFile(path));
}

/** Largest difference, relative to the largest amplitude where that is above 1. */
function distance(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return actual.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number)) / largest),
    0,
  );
}

const clip = { sampleRate: 2000, samples: 1001 };

/** What a listener asks for: all samples, fewer, other rates, far between the samples. */
const extents = [
  1001,
  640,
  1,
  {},
  { from: 0.1, to: 0.3 },
  { sampleRate: 4800, to: 0.1 },
  { from: 0.123, to: 0.1235, sampleRate: 1e6 },
];

const kans = fc.record({
  encoding: fc.integer({ min: 1, max: 10 }),
  encodingFrequencies: fc.oneof(
    fc.constant([]),
    fc.array(fc.double({ min: 0.5, max: 500, noNaN: true }), { minLength: 1, maxLength: 8 }),
  ),
  learnableEncoding: fc.boolean(),
  layers: fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 3 }),
  grid: fc.integer({ min: 1, max: 40 }),
  order: fc.integer({ min: 1, max: 7 }),
  // Activations lie inside and outside the grid.
  gridRange: fc.constantFrom<[number, number]>([-1, 1], [-0.4, 0.3], [-2.5, 4]),
  scaleSpline: fc.boolean(),
  initNoise: fc.constantFrom(0.1, 0.5),
  baseActivation: fc.constantFrom('silu', 'tanh'),
  envelope: fc.array(fc.double({ min: 1e-3, max: 2, noNaN: true }), { maxLength: 9 }),
  seed: fc.nat(1e6),
});

describe('a KAN is played as the addon renders it', () => {
  // In float32 the times and the phases are rounded alike; what is left is the rounding of sums of a
  // few dozen terms and of sines, which processors round otherwise, layer after layer: 3e-6 where a
  // network was fitted, up to 1e-4 where a draw has steep splines, or more: how much tell
  // the addon's two ways to sum, and parameters that are moved by two units of float32. In float64
  // it is the result's, to float32.
  it.each([
    ['float32', 5e-4],
    ['float64', 1.2e-7],
  ] as const)('in %s', async (dtype, tolerance) => {
    await fc.assert(
      fc.asyncProperty(kans, fc.constantFrom(...extents), async (options, extent) => {
        using network = new KAN({ ...options, dtype });
        network.clip = clip;
        const sound = await played(network);
        expect(sound.kind).toBe('kan');
        expect(sound.clip).toEqual(clip);
        const expected = network.render(extent);
        const whole = network.render({});
        const summed = distance(
          along('reference', () => network.render({})),
          whole,
        );
        noGrad(() => {
          for (const parameter of network.parameters().values()) parameter.mul_(1 + 2 ** -22);
        });
        const moved = distance(network.render({}), whole);
        const most = Math.max(tolerance, 20 * summed, 20 * moved);
        expect(distance(sound.render(extent), expected)).toBeLessThan(most);
      }),
      { numRuns: 100 },
    );
  });
});

/** The options that change what is computed, where a network has them. */
const variants = [
  {},
  { learnableOmega: true },
  { learnableEncoding: true },
  { envelope: [0.5, 1, 0.2] },
];

describe('the other networks', () => {
  // In float64, where no high frequency turns the rounding of times into amplitude.
  it.each(inrKinds)('%s', async (kind) => {
    using plain = smallNetwork(kind);
    for (const more of variants.filter((v) => Object.keys(v).every((n) => n in plain.options))) {
      using network = smallNetwork(kind, { dtype: 'float64', ...more });
      network.clip = clip;
      const sound = await played(network);
      expect(sound.kind).toBe(kind);
      for (const extent of extents) {
        expect(distance(sound.render(extent), network.render(extent))).toBeLessThan(1.2e-7);
      }
    }
  });
});

const golden = join(__dirname, '..', 'golden');
const recorded = readdirSync(golden).filter((name) =>
  /^(kan_g\d.*|nerf|siren|finer|rff|wire)(_float64)?\.safetensors$/.test(name),
);

// What an independent program computed from the same weights: ../golden/generate.py.
it.each(recorded)('%s', async (name) => {
  await scope(async () => {
    const recording = await GoldenFile.read(join(golden, name));
    const [, word = ''] = /^([a-z]+)/.exec(name) ?? [];
    const kind = word as (typeof inrKinds)[number];
    const out = recording.tensor('out');
    const dtype = out.dtype as 'float32' | 'float64';
    using network = goldenNetwork(kind, recording, recording.group('param'), dtype);
    const expected = numbers(out);
    const actual = (await played(network)).render(expected.length);
    expect(distance(actual, Float32Array.from(expected))).toBeLessThan(
      dtype === 'float64' ? 1.2e-7 : 1e-5,
    );
  });
});

/** A recording of 2400 samples in three pieces. */
function piecewise(): PiecewiseInr {
  const pieces = [0, 750, 1500].map((start) => ({ start, length: 900 }));
  const networks = pieces.map((_, i) => smallNetwork('kan', { seed: i }));
  return new PiecewiseInr({ networks, pieces, overlap: 150, clip: { ...clip, samples: 2400 } });
}

it('plays a recording in pieces', async () => {
  using whole = piecewise();
  const sound = await played(whole);
  expect(sound.kind).toBe('piecewise');
  expect(sound.clip).toEqual(whole.clip);
  for (const extent of [2400, 1000, { from: 0.3, to: 0.5 }, { sampleRate: 7777 }]) {
    expect(distance(sound.render(extent), whole.render(extent))).toBeLessThan(1e-5);
  }
});

describe('renderInto', () => {
  it.each(['kan', 'piecewise'] as const)('fills blocks of a %s', async (kind) => {
    using network = kind === 'kan' ? smallNetwork('kan') : piecewise();
    if (!(network instanceof PiecewiseInr)) network.clip = clip;
    const sound = await played(network);
    const sampleRate = 4800;
    const whole = sound.render({ sampleRate });
    const block = new Float32Array(128);
    for (let from = 0; from < whole.length; from += block.length) {
      sound.renderInto(block, { from: from / sampleRate, sampleRate });
      const expected = whole.slice(from, from + block.length);
      expect(distance(block.slice(0, expected.length), expected)).toBeLessThan(1e-5);
    }
  });

  it('fills a block at any speed, however many samples the whole recording would be', async () => {
    using network = smallNetwork('kan');
    network.clip = clip;
    const sound = await played(network);
    const block = new Float32Array(128);
    sound.renderInto(block, { from: 0.2, sampleRate: 1e12 });
    expect(block[127]).toBeCloseTo(sound.render({ from: 0.2, to: 0.201 })[0] as number, 5);
    sound.renderInto(block, { from: 0.2, sampleRate: 0.001 });
    expect(block[0]).toBeCloseTo(sound.render({ from: 0.2, to: 0.201 })[0] as number, 5);
    expect(block.subarray(1).every((value) => value === 0)).toBe(true);
  });

  it('is silent outside the recording', async () => {
    using network = smallNetwork('kan');
    network.clip = clip; // half a second
    const sound = await played(network);
    const block = new Float32Array(100).fill(9);
    sound.renderInto(block, { from: -0.02 });
    expect(block.slice(0, 40).every((value) => value === 0)).toBe(true);
    expect([...block.slice(40)]).toEqual([...sound.render({ to: 0.03 })]);
    sound.renderInto(block.fill(9), { from: 0.4805 });
    expect([...block.slice(0, 40)]).toEqual([...sound.render({ from: 0.4805, to: 0.5005 })]);
    expect(block.slice(40).every((value) => value === 0)).toBe(true);
    for (const from of [-5, 5]) {
      sound.renderInto(block.fill(9), { from });
      expect(block.every((value) => value === 0)).toBe(true);
    }
  });
});

describe('errors', () => {
  const fileFormat = (message: RegExp) =>
    expect.objectContaining({
      name: 'FewSoundError',
      code: 'FILE_FORMAT',
      message: expect.stringMatching(message),
    });
  let bytes: Uint8Array;
  beforeAll(async () => {
    using network = smallNetwork('kan');
    network.clip = clip;
    await network.save(file('kan.safetensors'));
    bytes = await readFile(file('kan.safetensors'));
  });

  it('a file that is cut short anywhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(() => readSound(bytes.slice(0, length))).toThrow(fileFormat(/not a valid/));
      }),
    );
  });

  it('a file with another byte is refused or played', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (place, value) => {
        const changed = Uint8Array.from(bytes).fill(value, place, place + 1);
        try {
          expect(readSound(changed).render(3).length).toBe(3);
        } catch (error) {
          expect(error).toEqual(fileFormat(/^the file: /));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('what is no model of fewsound', async () => {
    const text = new TextEncoder().encode('RIFF and so on, no model at all');
    expect(() => readSound(text)).toThrow(fileFormat(/not a valid safetensors file/));
    await scope(async () => {
      await writeSafetensors(file('other.safetensors'), { a: tensor([1, 2]) });
    });
    const other = await readFile(file('other.safetensors'));
    expect(() => readSound(other)).toThrow(fileFormat(/fewsound did not write it/));
  });

  it('another kind of model, and options that it does not know', () => {
    const changed = (from: string, to: string) => {
      const at = Buffer.from(bytes).indexOf(from);
      expect(at).toBeGreaterThan(0);
      expect(to.length).toBe(from.length);
      const copy = Buffer.from(bytes);
      copy.write(to, at);
      return () => readSound(new Uint8Array(copy).buffer);
    };
    expect(changed('"content":"network"', '"content":"machine"')).toThrow(
      fileFormat(/its content is "machine"/),
    );
    expect(changed('\\"kind\\":\\"kan\\"', '\\"kind\\":\\"ode\\"')).toThrow(
      fileFormat(/kind "ode"/),
    );
    expect(changed('\\"grid\\":4', '\\"grid\\":5')).toThrow(fileFormat(/has shape/));
    expect(changed('\\"scaleSpline\\":true,', '\\"scaleSpline\\":null,')).toThrow(
      fileFormat(/scaleSpline is null/),
    );
    expect(changed('\\"baseActivation\\":\\"silu\\"', '\\"baseActivation\\":\\"relu\\"')).toThrow(
      fileFormat(/baseActivation is "relu"/),
    );
    // A file of earlier days, which does not say.
    expect(changed('\\"baseActivation\\"', '\\"beforeActivity\\"')).not.toThrow();
    expect(changed('"formatVersion":"1"', '"formatVersion":"2"')).toThrow(fileFormat(/version 2/));
  });

  it.each([
    [{ from: -0.1 }, 'from'],
    [{ from: 0.3, to: 0.2 }, 'from'],
    [{ to: 0.6 }, 'to'],
    [{ sampleRate: 0 }, 'sampleRate'],
    [{ sampleRate: Number.NaN }, 'sampleRate'],
    [0, 'samples'],
    [1.5, 'samples'],
    ['all' as unknown as number, 'extent'],
  ])('the stretch %j', (extent, field) => {
    const code = 'INVALID_ARGUMENT';
    const sound = readSound(bytes);
    expect(() => sound.render(extent)).toThrow(expect.objectContaining({ code, field }));
  });

  it('seconds without a recording, and a block that is none', async () => {
    using network = smallNetwork('kan');
    const sound = await played(network);
    expect(() => sound.render({})).toThrow(expect.objectContaining({ field: 'clip' }));
    expect(() => sound.renderInto([] as never, { from: 0 })).toThrow(
      expect.objectContaining({ field: 'block' }),
    );
    expect(() => readSound('model.safetensors' as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'file' }),
    );
  });
});
