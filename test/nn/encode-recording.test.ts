import { type Clip, createClip } from '../../lib/audio';
import {
  encodeRecording,
  type FewSound,
  type FewSoundOptions,
  load,
  type PiecewiseInr,
  type TargetOptions,
} from '../../lib/nn';
import { noGrad, scope, tensor } from '../../lib/tensor';
import {
  directionLike,
  SAMPLES,
  smallFewSound,
  smallTargets,
  type TargetKind,
} from './small-hyper-networks';
import { temporaryFolder } from './temporary-folder';

const inFolder = temporaryFolder();
const RATE = 8000;
const peakOf = (samples: Float32Array) =>
  samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** A sound of changing level, never louder than `level`. */
function sound(samples: number, level = 0.3): Clip {
  return createClip(
    Float32Array.from(
      { length: samples },
      (_, i) => level * Math.sin(i / 3 + i / 400) * (0.3 + 0.7 * Math.sin(i / 37) ** 2),
    ),
    RATE,
  );
}

/**
 * A model whose networks are loud, and not the same for all recordings. In float64: what the
 * processor rounds then does not show in samples of float32, even after an omega has made phases of
 * it.
 */
function model(kind: TargetKind, more: FewSoundOptions = {}): FewSound {
  const made = smallFewSound(kind, { dtype: 'float64', ...more });
  noGrad(() =>
    scope(() => {
      for (const [name, own] of made.parameters()) {
        if (!/theta|writer/.test(name)) continue;
        own.copy_(own.add(directionLike(own).mul(0.5)));
      }
    }),
  );
  return made;
}

/** What the model itself makes of one piece of samples, filled up with silence, at their level. */
function byForward(made: FewSound, piece: Float32Array): Float32Array {
  const peak = peakOf(piece);
  const filled = new Float32Array(SAMPLES);
  if (peak > 0) filled.set(piece.map((value) => value / peak));
  return scope(() => {
    const audio = tensor(filled, { shape: [1, SAMPLES] }).to({ dtype: made.dtype });
    const out = made.forward(audio).detach().to({ dtype: 'float32' }).contiguous();
    return Float32Array.from(out.data() as Float32Array, (value) => peak * value);
  });
}

/** The largest difference, as a part of the peak. */
function distance(values: Float32Array, expected: Float32Array): number {
  expect(values).toHaveLength(expected.length);
  const worst = peakOf(values.map((value, i) => value - (expected[i] as number)));
  return worst / Math.max(1e-3, peakOf(expected));
}

/** Equal, to a few units in the last place of float32: the level is multiplied in there. */
function expectClose(values: Float32Array, expected: Float32Array) {
  expect(distance(values, expected)).toBeLessThanOrEqual(1e-6);
}

const targets: [string, TargetKind, TargetOptions][] = [
  ['a KAN', 'kan', smallTargets.kan],
  ['a KAN without scale', 'kan', { ...smallTargets.kan, scaleSpline: false }],
  ['a KAN of its own frequencies', 'kan', { ...smallTargets.kan, learnableEncoding: true }],
  ['a NeRF', 'nerf', smallTargets.nerf],
  ['a SIREN', 'siren', smallTargets.siren],
  ['a SIREN of its own omegas', 'siren', { ...smallTargets.siren, learnableOmega: true }],
];

describe('a recording as long as a piece', () => {
  it.each(targets)('is what the model makes of it, at its level: %s', async (_, kind, target) => {
    using made = model(kind, { target });
    for (const level of [0.02, 1]) {
      const clip = sound(SAMPLES, level);
      using encoded = await encodeRecording(made, clip);
      expect(encoded.networks).toHaveLength(1);
      expect(encoded.clip).toEqual({ sampleRate: RATE, samples: SAMPLES });
      const expected = byForward(made, clip.samples);
      expect(peakOf(expected)).toBeGreaterThan(0.1 * level);
      expectClose(encoded.render(SAMPLES), expected);
    }
  });

  it.each(['residual', 'modulator'] as const)('in mode %s, too', async (mode) => {
    using made = model('kan', { mode, sharedLayers: [0] });
    const clip = sound(SAMPLES);
    using encoded = await encodeRecording(made, clip);
    expectClose(encoded.render(SAMPLES), byForward(made, clip.samples));
  });

  it('has the part of the update that the model was trained to', async () => {
    using made = model('nerf', { warmupEpochs: 10 });
    const clip = sound(SAMPLES);
    using whole = await encodeRecording(made, clip);
    made.epoch = 2;
    using part = await encodeRecording(made, clip);
    expectClose(part.render(SAMPLES), byForward(made, clip.samples));
    expect(part.render(SAMPLES)).not.toEqual(whole.render(SAMPLES));
  });

  it.each(targets)('in float32, as near to float64 as the model: %s', async (_, kind, target) => {
    using exact = model(kind, { target });
    using made = smallFewSound(kind, { target });
    scope(() => {
      const rounded = [...exact.parameters()].map(
        ([name, own]) => [name, own.detach().to({ dtype: 'float32' })] as const,
      );
      made.loadStateDict(new Map(rounded));
    });
    const clip = sound(SAMPLES);
    const expected = byForward(exact, clip.samples);
    using encoded = await encodeRecording(made, clip);
    expect(encoded.dtype).toBe('float32');
    // Both round the same phases, not in the same order.
    const byModel = distance(byForward(made, clip.samples), expected);
    expect(byModel).toBeLessThan(1e-3);
    expect(distance(encoded.render(SAMPLES), expected)).toBeLessThan(Math.max(1e-6, 8 * byModel));
  });
});

it('a shorter recording is one piece, filled up with silence', async () => {
  using made = model('nerf');
  for (const samples of [1, 2, SAMPLES - 1]) {
    const clip = createClip(sound(samples + 5).samples.slice(5), RATE);
    using encoded = await encodeRecording(made, clip);
    expect(encoded.pieces).toEqual([{ start: 0, length: SAMPLES }]);
    const rendered = encoded.render(samples);
    expectClose(rendered, byForward(made, clip.samples).slice(0, samples));
  }
});

it('silence stays silence, alone and between sounds', async () => {
  for (const kind of ['kan', 'nerf', 'siren'] as const) {
    using made = model(kind);
    using alone = await encodeRecording(made, createClip(new Float32Array(3 * SAMPLES), RATE));
    expect(peakOf(alone.render(3 * SAMPLES))).toBe(0);
    const { samples } = sound(5 * SAMPLES);
    samples.fill(0, SAMPLES, 4 * SAMPLES);
    using between = await encodeRecording(made, createClip(samples, RATE), { overlap: 4 });
    const rendered = between.render(5 * SAMPLES);
    expect(peakOf(rendered.slice(2 * SAMPLES, 3 * SAMPLES))).toBe(0);
    expect(peakOf(rendered.slice(0, SAMPLES))).toBeGreaterThan(0);
  }
});

describe('a longer recording', () => {
  const LENGTH = 4 * SAMPLES + 13;
  const overlap = 16;

  /** The pieces that each sample belongs to, faded by hand. */
  function byHand(made: FewSound, clip: Clip): Float32Array {
    const all = new Float32Array(clip.length);
    const hop = SAMPLES - overlap;
    const count = 1 + Math.ceil((clip.length - SAMPLES) / hop);
    for (let piece = 0; piece < count; piece++) {
      const start = piece * hop;
      const part = byForward(made, clip.samples.slice(start, start + SAMPLES));
      for (let i = 0; i < SAMPLES && start + i < clip.length; i++) {
        const rising = piece === 0 ? 1 : Math.min(1, i / (overlap - 1));
        const falling = piece === count - 1 ? 1 : Math.min(1, (SAMPLES - 1 - i) / (overlap - 1));
        const weight = (part: number) => 0.5 - 0.5 * Math.cos(Math.PI * part);
        all[start + i] =
          (all[start + i] as number) + weight(rising) * weight(falling) * (part[i] as number);
      }
    }
    return all;
  }

  it('is its pieces, each at its level, fading into each other', async () => {
    using made = model('siren');
    for (const length of [SAMPLES + 1, 2 * SAMPLES - overlap, LENGTH]) {
      const clip = sound(length);
      using encoded = await encodeRecording(made, clip, { overlap });
      expect(encoded.pieces.every((piece) => piece.length === SAMPLES)).toBe(true);
      expectClose(encoded.render(length), byHand(made, clip));
    }
  });

  it('does not depend on how many pieces are written at once, to rounding', async () => {
    using made = model('nerf');
    const clip = sound(LENGTH);
    const done: string[] = [];
    const onProgress = (pieces: number, all: number) => done.push(`${pieces}/${all}`);
    using one = await encodeRecording(made, clip, { overlap, batchSize: 1 });
    using two = await encodeRecording(made, clip, { overlap, batchSize: 2, onProgress });
    expect(one.networks).toHaveLength(5);
    expect(done).toEqual(['2/5', '4/5', '5/5']);
    expectClose(two.render(LENGTH), one.render(LENGTH));
  });

  it('hands its networks out at peak 1, with their pieces, and keeps what is done to them', async () => {
    using made = model('nerf');
    const clip = sound(LENGTH);
    clip.samples.fill(0, SAMPLES - overlap, 2 * SAMPLES - overlap);
    using alone = await encodeRecording(made, clip, { overlap });
    let count = 0;
    using doubled = await encodeRecording(made, clip, {
      overlap,
      batchSize: 2,
      async onWritten(networks, pieces) {
        count += networks.length;
        for (const [i, network] of networks.entries()) {
          const { samples, sampleRate } = pieces[i] as Clip;
          expect(sampleRate).toBe(RATE);
          expect(peakOf(samples)).toBe(1);
          expectClose(network.render(SAMPLES), byForward(made, samples));
          const [last] = [...network.parameters().keys()].slice(-2);
          const [weight, bias] = [...network.parameters().values()].slice(-2);
          expect(last).toMatch(/weight$/);
          noGrad(() => [weight, bias].map((each) => each?.mul_(2)));
        }
      },
    });
    // One of five is silence.
    expect(count).toBe(4);
    const twice = alone.render(LENGTH).map((value) => 2 * value);
    expectClose(doubled.render(LENGTH), twice);
  });

  it('does not jump at the boundaries of its pieces', async () => {
    using made = model('nerf');
    using encoded = await encodeRecording(made, sound(LENGTH), { overlap });
    // Ten times as fine: a jump would stand out among the differences.
    const fine = encoded.render(10 * LENGTH);
    const step = (i: number) => Math.abs((fine[i + 1] as number) - (fine[i] as number));
    const perSample = (10 * LENGTH - 1) / (LENGTH - 1);
    for (const { start } of encoded.pieces.slice(1)) {
      for (const boundary of [start, start + overlap - 1]) {
        const centre = Math.round(boundary * perSample);
        const around = Array.from({ length: 300 }, (_, i) => step(centre - 150 + i));
        const rms = Math.sqrt(around.reduce((sum, value) => sum + value * value, 0) / 300);
        const here = Math.max(...around.slice(145, 155));
        expect(here).toBeLessThan(6 * rms);
      }
    }
  });

  it('saved and loaded sounds the same', async () => {
    const path = inFolder('recording.safetensors');
    using made = model('kan', { target: { ...smallTargets.kan, learnableEncoding: true } });
    using encoded = await encodeRecording(made, sound(LENGTH), { overlap });
    await encoded.save(path);
    using loaded = (await load(path)) as PiecewiseInr;
    expect(loaded.clip).toEqual({ sampleRate: RATE, samples: LENGTH });
    expect(loaded.render(LENGTH)).toEqual(encoded.render(LENGTH));
    const stretch = { from: 0.01, to: 0.03, sampleRate: 22_050 };
    expect(loaded.render(stretch)).toEqual(encoded.render(stretch));
  });
});

describe('encodeRecording', () => {
  it('stops at its signal, and frees what it had', async () => {
    using made = model('nerf');
    const reason = new Error('enough');
    const before = AbortSignal.abort(reason);
    const clip = sound(10 * SAMPLES);
    await expect(encodeRecording(made, clip, { signal: before })).rejects.toMatchObject({
      code: 'ABORTED',
      name: 'AbortError',
      cause: reason,
    });
    const controller = new AbortController();
    const done: number[] = [];
    const encoding = encodeRecording(made, clip, {
      batchSize: 2,
      signal: controller.signal,
      onProgress: (pieces) => {
        done.push(pieces);
        controller.abort(reason);
      },
    });
    await expect(encoding).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    expect(done).toEqual([2]);
    using again = await encodeRecording(made, clip);
    expect(again.networks.length).toBeGreaterThan(10);
  });

  it('leaves the event loop free and keeps the model to itself', async () => {
    const samples = 65_536;
    using made = smallFewSound('nerf', { samples, encoder: { channels: 16, layerNorm: false } });
    using silence = tensor(new Float32Array(samples), { shape: [1, samples] });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    // Long enough that it is at work when the next line asks, on a busy machine, too.
    const encoding = encodeRecording(made, sound(4 * samples));
    const ask = () =>
      scope(() => {
        made.write(silence);
      });
    expect(ask).toThrow(/at work on another thread/);
    using encoded = await encoding;
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(encoded.networks).toHaveLength(5);
    expect(ask).not.toThrow();
  });

  it.each<[object, string, RegExp]>([
    [{ overlap: 1 }, 'overlap', /overlap is 1. Expected a whole number from 2 to 20/],
    [{ overlap: 21 }, 'overlap', /from 2 to 20/],
    [{ batchSize: 0 }, 'batchSize', /from 1/],
    [{ size: 3 }, 'size', /There is no such option; expected overlap, batchSize/],
  ])('refuses %j', async (options, field, message) => {
    using made = model('nerf');
    await expect(encodeRecording(made, sound(SAMPLES), options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
      message: expect.stringMatching(message),
    });
  });

  it('refuses a clip of another rate than that of the training', async () => {
    using made = model('nerf');
    made.sampleRate = 2 * RATE;
    await expect(encodeRecording(made, sound(SAMPLES))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'clip',
      message: expect.stringMatching(/8000 Hz.*16000 Hz.*sampleRate: 16000/),
    });
    made.sampleRate = RATE;
    (await encodeRecording(made, sound(SAMPLES))).dispose();
  });

  it('refuses what is no sound', async () => {
    using made = model('nerf');
    const clip = { ...sound(SAMPLES), samples: new Float32Array(SAMPLES).fill(Number.NaN) };
    await expect(encodeRecording(made, clip)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(encodeRecording(made, {} as Clip)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'clip',
    });
  });
});
