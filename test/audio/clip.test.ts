import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createClip,
  crop,
  encodeWav,
  type LoadClipOptions,
  loadClip,
  mixDown,
  peakNormalize,
  resample,
} from '../../lib/audio';

describe('createClip', () => {
  it('knows its length and duration', () => {
    expect(createClip([0.1, 0.2, 0.3], 2)).toEqual({
      samples: Float32Array.of(0.1, 0.2, 0.3),
      sampleRate: 2,
      length: 3,
      duration: 1.5,
    });
  });

  it('takes a Float32Array without a copy, and a single sample', () => {
    const samples = Float32Array.of(1);
    expect(createClip(samples, 8000).samples).toBe(samples);
  });

  it.each([
    ['no samples', [], 8000, 'AUDIO_EMPTY', 'samples'],
    ['NaN', [0, 0, Number.NaN, Number.NaN], 8000, 'INVALID_ARGUMENT', 'samples[2]'],
    ['infinity', [Number.NEGATIVE_INFINITY], 8000, 'INVALID_ARGUMENT', 'samples[0]'],
    ['a number too large for float32', [1e39], 8000, 'INVALID_ARGUMENT', 'samples[0]'],
    ['no array', 'noise' as unknown as number[], 8000, 'INVALID_ARGUMENT', 'samples'],
    ['a rate of zero', [1], 0, 'INVALID_ARGUMENT', 'sampleRate'],
    ['a fractional rate', [1], 22.05, 'INVALID_ARGUMENT', 'sampleRate'],
  ])('refuses %s', (_, samples, rate, code, field) => {
    expect(() => createClip(samples, rate)).toThrow(expect.objectContaining({ code, field }));
  });
});

describe('loadClip', () => {
  let folder: string;
  let path: string;
  const left = Float32Array.from({ length: 1000 }, (_, i) => 0.5 * Math.sin(i / 9));
  const right = Float32Array.from({ length: 1000 }, (_, i) => 0.25 * Math.cos(i / 5));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fewsound-clip-'));
    path = join(folder, 'stereo.wav');
    const bytes = encodeWav({ channels: [left, right], sampleRate: 1000 }, { bitDepth: 32 });
    await writeFile(path, bytes);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('mixes down and scales to peak 1', async () => {
    const clip = await loadClip(path);
    expect(clip).toMatchObject({ sampleRate: 1000, length: 1000, duration: 1, source: path });
    expect(clip.samples).toEqual(peakNormalize(mixDown([left, right])));
  });

  it('takes one channel at its own level', async () => {
    const clip = await loadClip(path, { channel: 1, normalize: false });
    expect(clip.samples).toEqual(right);
  });

  it('crops what it resampled, by seconds and samples of the clip', async () => {
    const options = { channel: 0, sampleRate: 1500, normalize: false };
    const whole = await loadClip(path, options);
    const part = await loadClip(path, { ...options, offset: 0.5, samples: 100 });
    expect(whole.samples).toEqual(resample(left, 1000, 1500));
    expect(part.samples).toEqual(whole.samples.slice(750, 850));
  });

  it('normalises the crop, not the recording', async () => {
    const clip = await loadClip(path, { samples: 5, channel: 0 });
    expect(Math.max(...clip.samples)).toBe(1);
  });

  it('gives what there is when fewer samples are left than wanted', async () => {
    expect(await loadClip(path, { offset: 0.9, samples: 32_768 })).toHaveLength(100);
  });

  it('keeps silence silent', async () => {
    const silence = encodeWav(createClip(new Float32Array(10), 8000));
    expect((await loadClip(silence)).samples).toEqual(new Float32Array(10));
  });

  it.each<[string, LoadClipOptions, string]>([
    ['an offset at the end', { offset: 1 }, 'offset'],
    ['a negative offset', { offset: -1 }, 'offset'],
    ['a channel that is not there', { channel: 2 }, 'channel'],
    ['zero samples', { samples: 0 }, 'samples'],
    ['half a sample', { samples: 0.5 }, 'samples'],
    ['a rate of NaN', { sampleRate: Number.NaN }, 'sampleRate'],
    ['an unknown option', { volume: 1 } as LoadClipOptions, 'volume'],
  ])('refuses %s', async (_, options, field) => {
    await expect(loadClip(path, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
    });
  });

  it('stops when its signal is aborted', async () => {
    const reason = new Error('enough');
    await expect(loadClip(path, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      name: 'AbortError',
      code: 'ABORTED',
      cause: reason,
    });
  });
});

describe('crop', () => {
  const clip = createClip([1, 2, 3, 4], 8000);

  it('is a view of the same samples', () => {
    const part = crop(clip, 1, 2);
    expect(part).toMatchObject({ length: 2, sampleRate: 8000 });
    expect(part.samples).toEqual(Float32Array.of(2, 3));
    expect(part.samples.buffer).toBe(clip.samples.buffer);
  });

  it.each([
    [-1, 2],
    [3, 2],
    [4, 1],
    [0, 0],
    [0.5, 1],
    [0, Number.NaN],
  ])('refuses start %p, length %p', (start, length) => {
    expect(() => crop(clip, start, length)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('peakNormalize', () => {
  it('divides by the largest magnitude', () => {
    expect(peakNormalize(Float32Array.of(0.25, -0.5))).toEqual(Float32Array.of(0.5, -1));
  });

  it('leaves silence and its input alone', () => {
    const silence = new Float32Array(3);
    expect(peakNormalize(silence)).toEqual(new Float32Array(3));
    expect(peakNormalize(silence)).not.toBe(silence);
  });

  it('brings the smallest float up to 1', () => {
    expect(peakNormalize(Float32Array.of(2 ** -149))).toEqual(Float32Array.of(1));
  });
});

describe('mixDown', () => {
  it('is the mean of the channels', () => {
    expect(mixDown([Float32Array.of(1, 0), Float32Array.of(0, -0.5)])).toEqual(
      Float32Array.of(0.5, -0.25),
    );
  });

  it('refuses no channels and unequal ones', () => {
    expect(() => mixDown([])).toThrow(expect.objectContaining({ code: 'AUDIO_EMPTY' }));
    expect(() => mixDown([Float32Array.of(1), Float32Array.of(1, 2)])).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH', shapes: [[1], [2]] }),
    );
  });
});
