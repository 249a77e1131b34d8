import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createClip, encodeWav, readAudio, writeWav } from '../../lib/audio';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-write-'));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');

describe('encodeWav', () => {
  it('lays out the plain header of 16-bit mono', () => {
    const bytes = encodeWav(createClip([0.5, -1, 1 / 32_768], 22_050));
    const view = new DataView(bytes.buffer);
    expect(bytes).toHaveLength(44 + 6);
    expect([text(bytes, 0), text(bytes, 8), text(bytes, 12), text(bytes, 36)]).toEqual([
      'RIFF',
      'WAVE',
      'fmt ',
      'data',
    ]);
    expect(view.getUint32(4, true)).toBe(bytes.length - 8);
    expect(view.getUint32(16, true)).toBe(16);
    expect([20, 22, 32, 34].map((at) => view.getUint16(at, true))).toEqual([1, 1, 2, 16]);
    expect([24, 28, 40].map((at) => view.getUint32(at, true))).toEqual([22_050, 44_100, 6]);
    expect([44, 46, 48].map((at) => view.getInt16(at, true))).toEqual([16_384, -32_768, 1]);
  });

  it('pads audio data of odd length, and does not count the padding as audio', () => {
    const bytes = encodeWav(createClip([0.5], 8000), { bitDepth: 24 });
    expect(bytes).toHaveLength(44 + 4);
    expect(new DataView(bytes.buffer).getUint32(40, true)).toBe(3);
    expect(new DataView(bytes.buffer).getUint32(4, true)).toBe(40);
  });

  it('gives float audio its fact chunk', () => {
    const bytes = encodeWav(createClip([0.5, 0.25], 8000), { bitDepth: 32 });
    const view = new DataView(bytes.buffer);
    expect(view.getUint16(20, true)).toBe(3);
    expect(text(bytes, 38)).toBe('fact');
    expect(view.getUint32(46, true)).toBe(2);
  });

  it('uses the extensible header from three channels on', () => {
    const channels = [0, 1, 2].map(() => Float32Array.of(0.1));
    const tagOf = (count: number): number => {
      const bytes = encodeWav({ channels: channels.slice(0, count), sampleRate: 8000 });
      return new DataView(bytes.buffer).getUint16(20, true);
    };
    expect([tagOf(1), tagOf(2), tagOf(3)]).toEqual([1, 1, 0xfffe]);
  });

  it('rounds to the nearest step and clips what lies outside', async () => {
    const values = [0.6 / 32_768, 0.4 / 32_768, -0.6 / 32_768, 1, 1.5, -1.5];
    const { channels } = await readAudio(encodeWav(createClip(values, 8000)));
    const expected = [1, 0, -1, 32_767, 32_767, -32_768].map((step) => step / 32_768);
    expect(channels).toEqual([Float32Array.from(expected)]);
  });

  it.each([16, 24, 32] as const)(
    '%i bits: read back, each sample is within half a step',
    async (bitDepth) => {
      const step = bitDepth === 32 ? 0 : 2 ** (1 - bitDepth);
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.float32Array({
              minLength: 7,
              maxLength: 7,
              min: -1,
              max: Math.fround(0.999),
              noNaN: true,
            }),
            { minLength: 1, maxLength: 4 },
          ),
          fc.integer({ min: 1, max: 192_000 }),
          async (channels, sampleRate) => {
            const read = await readAudio(encodeWav({ channels, sampleRate }, { bitDepth }));
            expect(read.sampleRate).toBe(sampleRate);
            expect(read.channels).toHaveLength(channels.length);
            for (const [index, samples] of channels.entries()) {
              for (const [i, value] of samples.entries()) {
                const error = Math.abs((read.channels[index]?.[i] ?? Number.NaN) - value);
                expect(error).toBeLessThanOrEqual(step / 2);
              }
            }
          },
        ),
        { numRuns: 40, seed: 4 },
      );
    },
  );

  it.each([16, 24] as const)('%i bits: writing what was read changes nothing', async (bitDepth) => {
    const clip = createClip(
      Float32Array.from({ length: 500 }, (_, i) => Math.sin(i * i)),
      8000,
    );
    const once = encodeWav(clip, { bitDepth });
    expect(encodeWav(await readAudio(once), { bitDepth })).toEqual(once);
  });

  it('dithers the same way every time, by less than a step, without bias', async () => {
    const level = 0.25 / 32_768;
    const clip = createClip(new Float32Array(20_000).fill(level), 8000);
    const bytes = encodeWav(clip, { dither: true });
    expect(encodeWav(clip, { dither: true })).toEqual(bytes);
    const steps = Array.from((await readAudio(bytes)).channels[0] ?? [], (value) => value * 32_768);
    expect(new Set(steps)).toEqual(new Set([-1, 0, 1]));
    expect(steps.reduce((sum, value) => sum + value, 0) / steps.length).toBeCloseTo(0.25, 1);
  });

  it.each([
    [
      'a NaN',
      () => encodeWav({ samples: Float32Array.of(0, Number.NaN), sampleRate: 1 }),
      'INVALID_ARGUMENT',
    ],
    ['no samples', () => encodeWav({ samples: new Float32Array(0), sampleRate: 1 }), 'AUDIO_EMPTY'],
    ['no channels', () => encodeWav({ channels: [], sampleRate: 1 }), 'INVALID_ARGUMENT'],
    [
      'a rate of 0',
      () => encodeWav({ samples: Float32Array.of(1), sampleRate: 0 }),
      'INVALID_ARGUMENT',
    ],
    [
      'unequal channels',
      () => encodeWav({ channels: [Float32Array.of(1), Float32Array.of(1, 2)], sampleRate: 1 }),
      'SHAPE_MISMATCH',
    ],
    [
      '12 bits',
      () => encodeWav({ samples: Float32Array.of(1), sampleRate: 1 }, { bitDepth: 12 as 16 }),
      'INVALID_ARGUMENT',
    ],
  ])('refuses %s', (_, encode, code) => {
    expect(encode).toThrow(expect.objectContaining({ name: 'FewSoundError', code }));
  });
});

describe('writeWav', () => {
  it('writes the bytes of encodeWav and nothing beside them', async () => {
    const clip = createClip([0.1, 0.2], 8000);
    await writeWav(join(folder, 'a.wav'), clip, { bitDepth: 24 });
    expect(await readdir(folder)).toEqual(['a.wav']);
    const written = await readFile(join(folder, 'a.wav'));
    expect(new Uint8Array(written)).toEqual(encodeWav(clip, { bitDepth: 24 }));
  });

  it('says which file cannot be written', async () => {
    const path = join(folder, 'missing', 'a.wav');
    await expect(writeWav(path, createClip([0], 8000))).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining(path),
    });
  });
});
