import fc from 'fast-check';
import { readAudio } from '../../lib/audio';
import {
  encodeFlac,
  type FlacBytes,
  flacBytes,
  flacFrames,
  flacHead,
  type Stereo,
  type Subframe,
} from './flac-bytes';
import { lena } from './lena';

describe('readAudio of a flac', () => {
  it.each([
    [8, [0, 1, -1, 127, -128]],
    [16, [0, 1, -1, 12_345, 32_767, -32_768]],
    [24, [0, 1, -1, 4_194_305, 8_388_607, -8_388_608]],
  ] as const)('divides %i-bit samples by 2^(bits-1), exactly', async (bits, samples) => {
    const { channels } = await readAudio(flacBytes(samples, bits));
    const expected = samples.map((sample) => sample / 2 ** (bits - 1));
    expect(channels).toEqual([Float32Array.from(expected)]);
  });

  // Quiet enough for any prediction to leave what 32 bits hold.
  const subframes: [string, Subframe][] = [
    ['verbatim', { kind: 'verbatim' }],
    ...[0, 1, 2, 3, 4].map((order): [string, Subframe] => [
      `fixed prediction of order ${order}`,
      { kind: 'fixed', order, residual: { parameter: 3 + order, partitionOrder: 1 } },
    ]),
    ['plain numbers', { kind: 'fixed', order: 2, residual: { parameter: null, width: 16 } }],
    [
      'parameters of five bits',
      { kind: 'fixed', order: 1, residual: { parameter: 17, method: 1 } },
    ],
    ['long codes', { kind: 'fixed', order: 0, residual: { parameter: 0 } }],
    [
      'linear prediction',
      {
        kind: 'linear',
        coefficients: [5, -3, 2],
        precision: 5,
        shift: 2,
        residual: { parameter: 6 },
      },
    ],
  ];
  // `+ 0` makes a zero of a negative one.
  const signal = (length: number, salt: number): number[] =>
    Array.from(
      { length },
      (_, i) => Math.round(60 * Math.sin(i / 3 + salt) + 20 * Math.sin(i * i)) + 0,
    );

  it.each(subframes)('reads frames of %s, in every kind of stereo', async (_, subframe) => {
    for (const stereo of ['independent', 'left-side', 'side-right', 'mid-side'] as Stereo[]) {
      for (const variable of [false, true]) {
        await expectExact({
          channels: [signal(40, 0), signal(40, 2)],
          bits: 12,
          blockSize: 16,
          subframe,
          stereo,
          variable,
        });
      }
    }
  });

  it('reads constant frames and samples that end in zeros', async () => {
    await expectExact({ channels: [[-7, -7, -7]], bits: 16, subframe: { kind: 'constant' } });
    await expectExact({ channels: [[-8, 16, 24]], bits: 16, wasted: 3 });
  });

  // Products of 24 and 15 bits, and differences of 33, do not fit into 32 bits.
  it('is exact where sums need more than 32 bits', async () => {
    const wide = Array.from({ length: 64 }, (_, i) => Math.round(8_000_000 * Math.sin(i / 9)));
    const subframe: Subframe = {
      kind: 'linear',
      coefficients: [16_000, -8000],
      precision: 15,
      shift: 13,
      residual: { parameter: 20, method: 1 },
    };
    await expectExact({ channels: [wide], bits: 24, subframe });
    const loud = [2 ** 31 - 1, -(2 ** 31), 123_456_789];
    const opposite = [-(2 ** 31), 2 ** 31 - 1, -987_654_321];
    for (const stereo of ['left-side', 'side-right', 'mid-side'] as Stereo[]) {
      await expectExact({ channels: [loud, opposite], bits: 32, stereo });
    }
  });

  it('counts more than 128 frames', async () => {
    await expectExact({ channels: [signal(300, 1)], bits: 16, blockSize: 2 });
  });

  it('is the lossless original: the MD5 of a real encoder is that of the samples', async () => {
    const bytes = Uint8Array.from(await lena('flac'));
    expect(bytes.subarray(26, 42).some((byte) => byte !== 0)).toBe(true);
    await expect(readAudio(bytes)).resolves.toBeDefined();
    bytes[30] = (bytes[30] as number) ^ 1;
    await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });
});

async function expectExact(options: FlacBytes): Promise<void> {
  const { channels } = await readAudio(encodeFlac({ ...options, md5: true }));
  const scale = 2 ** (options.bits - 1);
  expect(channels).toEqual(
    options.channels.map((samples) => Float32Array.from(samples, (value) => value / scale)),
  );
}

describe('readAudio of a flac among other bytes', () => {
  const samples = Array.from({ length: 50 }, (_, i) => i * 100 - 2000);
  const whole = flacBytes(samples, 16, { blockSize: 20 });
  const id3v1 = Buffer.from('TAG'.padEnd(128, 'x'));
  const ape = Buffer.alloc(32);
  ape.write('APETAGEX');
  ape.writeUInt32LE(32, 12);

  it.each<[string, Uint8Array]>([
    ['an ID3v1 tag', id3v1],
    ['an APE tag', ape],
    ['one byte', Uint8Array.of(0x5a)],
    ['the first byte of a frame', Uint8Array.of(0xff)],
    ['zeros', new Uint8Array(200)],
  ])('takes %s behind it', async (_, tail) => {
    for (const totalSamples of [samples.length, 0]) {
      const bytes = flacBytes(samples, 16, { blockSize: 20, totalSamples });
      const { channels } = await readAudio(Buffer.concat([bytes, tail]));
      expect(channels[0]).toHaveLength(samples.length);
    }
  });

  it.each<[string, Uint8Array]>([
    ['an ID3v2 tag', Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 2, 0, 0)],
    ['an APE tag', ape],
    ['stray bytes', Uint8Array.of(3, 1, 4, 1, 5)],
  ])('takes %s in front of it', async (_, front) => {
    const { channels, format } = await readAudio(Buffer.concat([front, whole]));
    expect(channels[0]).toHaveLength(samples.length);
    expect(format).toBe('flac');
  });

  it('takes whatever bytes lie behind it, short of more sound', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (tail) => {
        const { channels } = await readAudio(Buffer.concat([whole, tail]));
        expect(channels[0]).toHaveLength(samples.length);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it.each<[string, Uint8Array]>([
    ['a second file', whole],
    ['a second file behind a tag', Buffer.concat([id3v1, whole])],
    ['a frame too many', flacFrames({ channels: [[1, 2, 3]], bits: 16 })[0] as Uint8Array],
  ])('refuses %s behind it', async (_, tail) => {
    await expect(readAudio(Buffer.concat([whole, tail]))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
    });
  });
});

describe('readAudio of a flac that is not whole', () => {
  const options = {
    channels: [Array.from({ length: 64 }, (_, i) => i * i)],
    bits: 16,
    blockSize: 8,
  };

  it('refuses fewer samples than the header promises', async () => {
    await expect(readAudio(flacBytes([1, 2, 3], 16, { totalSamples: 1000 }))).rejects.toMatchObject(
      { code: 'FILE_FORMAT', message: expect.stringMatching(/promises 1000 samples, but 3/) },
    );
  });

  it('refuses a frame missing, doubled or moved, even where the length is not known', async () => {
    const head = flacHead({ ...options, totalSamples: 0 });
    const frames = flacFrames(options);
    for (let i = 0; i + 1 < frames.length; i++) {
      const [before, [at, next], after] = [
        frames.slice(0, i),
        frames.slice(i, i + 2),
        frames.slice(i + 2),
      ];
      const broken = [
        [...before, next, ...after],
        [...before, at, at, next, ...after],
        [...before, next, at, ...after],
      ];
      for (const wrong of broken) {
        const bytes = Buffer.concat([head, ...(wrong as Uint8Array[])]);
        await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
      }
    }
  });

  it.each<[string, Partial<FlacBytes>]>([
    ['rate', { sampleRate: 8000 }],
    [
      'number of channels',
      {
        channels: [
          [1, 2],
          [3, 4],
        ],
      },
    ],
    ['width of samples', { bits: 24 }],
  ])('refuses a frame of another %s than the header', async (_, change) => {
    const other = flacFrames({ ...options, sampleRate: 44_100, ...change })[0] as Uint8Array;
    const bytes = Buffer.concat([flacHead({ ...options, sampleRate: 48_000 }), other]);
    await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });

  it('refuses every bit turned over in a frame, and every cut', async () => {
    const bytes = encodeFlac({ ...options, md5: true });
    for (let at = 42; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      await expect(readAudio(damaged)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
      await expect(readAudio(bytes.subarray(0, at))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    }
  });

  it('takes a stream whose encoder did not know the length', async () => {
    const { channels } = await readAudio(flacBytes([4, 5, 6], 16, { totalSamples: 0 }));
    expect(channels[0]).toHaveLength(3);
  });
});
