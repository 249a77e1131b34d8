import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { readAudio } from '../../lib/audio';
import { int16Bytes, wavBytes } from './wav-bytes';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const samples16 = int16Bytes([0, 1, -1, 16_384, 32_767, -32_768]);

describe('readAudio of a wav', () => {
  it('divides 16-bit samples by 2^15', async () => {
    const path = await file('plain.wav', wavBytes({ data: samples16 }));
    expect(await readAudio(path)).toEqual({
      channels: [Float32Array.of(0, 1 / 32_768, -1 / 32_768, 0.5, 32_767 / 32_768, -1)],
      sampleRate: 8000,
      format: 'wav',
      source: path,
    });
  });

  it('reads 8-bit samples as unsigned around 128', async () => {
    const { channels } = await readAudio(wavBytes({ bits: 8, data: Uint8Array.of(128, 0, 255) }));
    expect(channels).toEqual([Float32Array.of(0, -1, 127 / 128)]);
  });

  it('reads 24-bit samples with their sign', async () => {
    const data = Uint8Array.of(0xff, 0xff, 0x7f, 0x00, 0x00, 0x80, 0xff, 0xff, 0xff);
    const { channels } = await readAudio(wavBytes({ bits: 24, data }));
    expect(channels).toEqual([Float32Array.of(8_388_607 / 2 ** 23, -1, -1 / 2 ** 23)]);
  });

  it('reads 32-bit integers', async () => {
    const data = new Uint8Array(Int32Array.of(2 ** 30, -(2 ** 31)).buffer);
    const { channels } = await readAudio(wavBytes({ bits: 32, data }));
    expect(channels).toEqual([Float32Array.of(0.5, -1)]);
  });

  it('reads floats of 32 and 64 bits, louder than full scale too', async () => {
    const values = [0.25, -1.5, 0.1];
    for (const array of [Float32Array.from(values), Float64Array.from(values)]) {
      const bytes = wavBytes({
        tag: 3,
        bits: array.BYTES_PER_ELEMENT * 8,
        data: new Uint8Array(array.buffer),
      });
      expect((await readAudio(bytes)).channels).toEqual([Float32Array.from(values)]);
    }
  });

  it('takes channels apart', async () => {
    const { channels, sampleRate } = await readAudio(
      wavBytes({ channels: 3, sampleRate: 48_000, data: samples16 }),
    );
    expect(channels.map((channel) => channel[1])).toEqual([0.5, 32_767 / 32_768, -1]);
    expect(sampleRate).toBe(48_000);
  });

  it('understands the extensible header', async () => {
    const { channels } = await readAudio(wavBytes({ extensible: true, data: samples16 }));
    expect(channels[0]).toHaveLength(6);
  });

  it('finds its way behind a chunk of odd length', async () => {
    const extra = { LIST: Uint8Array.of(1, 2, 3) };
    expect((await readAudio(wavBytes({ extra, data: samples16 }))).channels[0]?.[3]).toBe(0.5);
  });

  it.each([0, 0xffff_ffff, 20, 36, 1000])(
    'takes %i as the length of the whole file, which is wrong',
    async (riffSize) => {
      const extra = { LIST: Uint8Array.of(1, 2, 3) };
      const bytes = wavBytes({ data: samples16, riffSize, extra });
      expect((await readAudio(bytes)).channels[0]).toHaveLength(6);
    },
  );

  it.each([
    ['', 50],
    ['zeros', 0],
    ['a tag', 0],
  ])('refuses a second file behind it, with %p between', async (between, riffSize) => {
    const filling = { '': '', zeros: '\0\0\0', 'a tag': 'TAG'.padEnd(128, 'x') }[between] as string;
    for (const first of [wavBytes({ data: samples16 }), wavBytes({ data: samples16, riffSize })]) {
      const bytes = Buffer.concat([first, Buffer.from(filling), wavBytes({ data: samples16 })]);
      await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    }
  });

  it('refuses a second data chunk', async () => {
    const bytes = wavBytes({ data: samples16, extra: { data: int16Bytes([1, 2]) } });
    await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });

  it('takes an ID3v2 tag in front', async () => {
    const tag = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 2, 0, 0);
    const bytes = Buffer.concat([tag, wavBytes({ data: samples16 })]);
    expect((await readAudio(bytes)).channels[0]).toHaveLength(6);
  });

  it('accepts a tag and padding behind the end', async () => {
    const whole = wavBytes({ data: samples16 });
    for (const tail of ['TAG and a title', '\0\0\0\0']) {
      const bytes = Buffer.concat([whole, Buffer.from(tail)]);
      expect((await readAudio(bytes)).channels[0]).toHaveLength(6);
    }
  });

  it('takes a path, a file: URL, an ArrayBuffer and a view into a larger one', async () => {
    const bytes = wavBytes({ data: samples16 });
    const path = await file('same.wav', bytes);
    const shifted = new Uint8Array(bytes.length + 5);
    shifted.set(bytes, 5);
    const sources = [path, pathToFileURL(path), bytes.slice().buffer, shifted.subarray(5)];
    for (const source of sources) {
      expect((await readAudio(source as string)).channels[0]?.[5]).toBe(-1);
    }
  });

  it('takes a single sample', async () => {
    const { channels } = await readAudio(wavBytes({ data: int16Bytes([8192]) }));
    expect(channels).toEqual([Float32Array.of(0.25)]);
  });
});

describe('readAudio of a bad file', () => {
  it('says that a missing file is missing', async () => {
    const path = join(folder, 'nowhere.wav');
    await expect(readAudio(path)).rejects.toMatchObject({
      name: 'FewSoundError',
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining(path),
    });
  });

  const long = wavBytes({ data: int16Bytes(Array.from({ length: 100 }, (_, i) => i)) });
  it.each<[string, Uint8Array | string, RegExp]>([
    ['empty.wav', '', /empty \(0 bytes\)/],
    ['text.wav', 'These are words, not waves.', /it is plain text/],
    ['page.wav', '<!doctype html><p>Not found', /HTML/],
    ['pointer.wav', 'version https://git-lfs.github.com/spec/v1\n', /Git LFS pointer/],
    ['image.wav', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), /PNG image/],
    ['zeros.wav', new Uint8Array(100), /zero bytes/],
    ['noise.wav', Uint8Array.of(3, 1, 4, 1, 5, 9, 2, 6), /unknown kind .*03 01 04 01/],
    ['aiff.wav', 'FORM\0\0\0\0AIFF', /AIFF audio/],
    ['rf64.wav', 'RF64\xff\xff\xff\xffWAVE', /64-bit wav/],
    ['half.wav', long.subarray(0, 144), /200 bytes of audio, but 100 follow.*cut short/],
    ['one-byte-less.wav', long.subarray(0, long.length - 1), /200 bytes.*199 follow/],
    ['header-only.wav', long.subarray(0, 12), /without a 'data' chunk/],
    ['cut-in-format.wav', long.subarray(0, 30), /'fmt' chunk, but 10 follow/],
    ['too-long.wav', wavBytes({ data: samples16, dataSize: 1000 }), /1000 bytes of audio/],
    ['stream.wav', wavBytes({ data: samples16, dataSize: 0xffff_ffff }), /never filled in/],
    [
      'too-short.wav',
      wavBytes({ data: samples16, dataSize: 4 }),
      /lengths in its WAV header are wrong/,
    ],
    [
      'both-too-short.wav',
      wavBytes({ data: samples16, dataSize: 4, riffSize: 40 }),
      /lengths in its WAV header are wrong/,
    ],
    ['half-sample.wav', wavBytes({ data: samples16, dataSize: 11 }), /whole number of 2-byte/],
    ['no-channels.wav', wavBytes({ channels: 0, blockAlign: 2, data: samples16 }), /0 channels/],
    ['no-rate.wav', wavBytes({ sampleRate: 0, data: samples16 }), /0 Hz/],
    ['odd-bits.wav', wavBytes({ bits: 40, data: new Uint8Array(10) }), /40-bit/],
    ['lying-frame.wav', wavBytes({ blockAlign: 4, data: samples16 }), /4 bytes a frame/],
    ['mu-law.wav', wavBytes({ tag: 7, bits: 8, data: Uint8Array.of(1) }), /mu-law/],
    ['adpcm.wav', wavBytes({ tag: 0x11, bits: 8, data: Uint8Array.of(1) }), /IMA ADPCM/],
  ])('%s: FILE_FORMAT, named, with the reason', async (name, bytes, reason) => {
    const content = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    const path = await file(name, content);
    const message = await readAudio(path).then(
      () => 'it was accepted',
      (error) => `${error.code} ${error.message}`,
    );
    expect(message).toMatch(/^FILE_FORMAT /);
    expect(message).toContain(path);
    expect(message).toMatch(reason);
  });

  it('refuses every proper part of a wav file', async () => {
    const whole = wavBytes({ data: samples16 });
    for (let length = 0; length < whole.length; length++) {
      await expect(readAudio(whole.subarray(0, length))).rejects.toMatchObject({
        code: 'FILE_FORMAT',
      });
    }
  });

  it('meets any damage with audio or with an error of its own', async () => {
    const whole = wavBytes({ tag: 3, bits: 32, channels: 2, data: new Uint8Array(80) });
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        const outcome = await readAudio(bytes).catch((error) => error);
        const codes = ['FILE_FORMAT', 'AUDIO_EMPTY', 'INVALID_ARGUMENT'];
        expect(outcome.channels?.length > 0 || codes.includes(outcome.code)).toBe(true);
      }),
      { numRuns: 500, seed: 9 },
    );
  });

  it('calls a wav without samples empty', async () => {
    const path = await file('silence.wav', wavBytes({ data: new Uint8Array(0) }));
    await expect(readAudio(path)).rejects.toMatchObject({
      code: 'AUDIO_EMPTY',
      message: expect.stringContaining(path),
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'names the first %p in a float wav',
    async (bad) => {
      const data = new Uint8Array(Float32Array.of(0, 0, 0, bad, 0, bad).buffer);
      const path = await file('bad.wav', wavBytes({ tag: 3, bits: 32, channels: 2, data }));
      await expect(readAudio(path)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(new RegExp(`bad\\.wav, channel 1: sample 1 is ${bad}`)),
      });
    },
  );

  it('says that a folder is a folder', async () => {
    await expect(readAudio(folder)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('folder'),
    });
  });

  it.each([42, null, undefined, {}, new URL('https://example.org/a.wav')])(
    'refuses %p as a source',
    async (source) => {
      await expect(readAudio(source as string)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'source',
      });
    },
  );
});
