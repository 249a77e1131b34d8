import { readAudio } from '../../lib/audio';
import { flacBytes } from './flac-bytes';
import { lena } from './lena';
import { type OggPageBytes, oggBytes, oggPage, oggPages } from './ogg-bytes';

const [BOS, EOS] = [2, 4];

const text = (content: string): Buffer => Buffer.from(content, 'latin1');

/** FLAC in Ogg, a page for each packet. */
function oggFlac(
  samples: readonly number[],
  options: { sampleRate?: number; channels?: 1 | 2 } = {},
): Uint8Array {
  const flac = Buffer.from(flacBytes(samples, 16, options));
  const head = Buffer.concat([text('\x7fFLAC\x01\0\0\0'), flac.subarray(0, 42)]);
  const serial = 77;
  return oggBytes([
    oggPage([head], { serial, flags: BOS }),
    oggPage([text('\x84\0\0\0')], { serial, sequence: 1 }),
    oggPage([flac.subarray(42)], {
      serial,
      sequence: 2,
      flags: EOS,
      granule: BigInt(samples.length),
    }),
  ]);
}

/** The same pages with other first packets. */
function withHead(bytes: Uint8Array, change: (head: DataView) => void): Uint8Array {
  const pages = oggPages(bytes);
  const { content } = pages[0] as OggPageBytes;
  change(new DataView(content.buffer, content.byteOffset, content.byteLength));
  return oggBytes(pages);
}

/** The first pages up to one that no packet goes on from, as a stream that ends there. */
async function shortPages(extension: 'ogg' | 'opus', count = 6): Promise<OggPageBytes[]> {
  const all = oggPages(await lena(extension));
  const end = all.findIndex(({ lacing }, i) => i >= count && lacing.at(-1) !== 255);
  const last = all[end] as OggPageBytes;
  return [...all.slice(0, end), { ...last, flags: last.flags | EOS }];
}

async function short(extension: 'ogg' | 'opus', count?: number): Promise<Uint8Array> {
  return oggBytes(await shortPages(extension, count));
}

/** Matchers of Jest take seconds for as many samples. */
function expectSame(samples: Float32Array, expected: Float32Array): void {
  expect(samples).toHaveLength(expected.length);
  expect(bytesOf(samples).equals(bytesOf(expected))).toBe(true);
}

async function samplesOf(bytes: Uint8Array): Promise<Float32Array> {
  const { channels } = await readAudio(bytes);
  expect(channels).toHaveLength(1);
  return channels[0] as Float32Array;
}

describe('readAudio of chained Ogg', () => {
  it.each(['ogg', 'opus'] as const)(
    '%s: each link as it is alone, to the bit',
    async (extension) => {
      const alone = await short(extension, 6);
      const shorter = await short(extension, 4);
      const links = [await samplesOf(alone), await samplesOf(shorter), await samplesOf(alone)];
      const chained = await samplesOf(Buffer.concat([alone, shorter, alone]));
      expect(bytesOf(chained).equals(Buffer.concat(links.map(bytesOf)))).toBe(true);
    },
  );

  it('flac: each link as it is alone', async () => {
    const chained = await samplesOf(Buffer.concat([oggFlac([1, 2, 3]), oggFlac([-4, 5])]));
    expect(chained).toEqual(Float32Array.of(1, 2, 3, -4, 5).map((value) => value / 2 ** 15));
  });

  it.each<[string, () => Promise<Uint8Array[]>]>([
    [
      'Vorbis of another rate',
      async () => [
        await short('ogg'),
        withHead(await short('ogg'), (head) => head.setUint32(12, 22_050, true)),
      ],
    ],
    [
      'Opus of another number of channels',
      async () => [
        await short('opus'),
        withHead(await short('opus'), (head) => head.setUint8(9, 2)),
      ],
    ],
    ['FLAC of another rate', async () => [oggFlac([1]), oggFlac([1], { sampleRate: 8000 })]],
    [
      'FLAC of another number of channels',
      async () => [oggFlac([1]), oggFlac([1], { channels: 2 })],
    ],
    ['another codec', async () => [await short('ogg'), oggFlac([1])]],
  ])('refuses a link that is %s', async (_, links) => {
    await expect(readAudio(Buffer.concat(await links()))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('changes from'),
    });
  });

  it('refuses a link that begins before the last one has ended', async () => {
    const pages = await shortPages('ogg');
    const bytes = Buffer.concat([oggBytes(pages.slice(0, -1)), await short('ogg')]);
    await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });
});

describe('readAudio of Ogg with a gap', () => {
  it.each(['ogg', 'opus'] as const)(
    '%s: refuses any page missing, doubled or moved',
    async (extension) => {
      const pages = await shortPages(extension);
      await expect(samplesOf(oggBytes(pages))).resolves.toBeDefined();
      for (const [i, page] of pages.entries()) {
        const [before, after] = [pages.slice(0, i), pages.slice(i + 1)];
        const [next] = after;
        const broken = [
          [...before, ...after],
          [...before, page, page, ...after],
        ];
        if (next) broken.push([...before, next, page, ...after.slice(1)]);
        for (const wrong of broken) {
          await expect(readAudio(oggBytes(wrong))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
        }
      }
    },
  );

  // 100 samples are less than the shortest packet of Opus at 44.1 and 48 kHz, 200 are more.
  it.each([
    ['ogg', 100, true],
    ['ogg', 200, false],
    ['opus', 100, true],
    ['opus', 200, false],
  ] as const)(
    '%s: time stamps that jump by %i samples: taken as rounding %p',
    async (extension, jump, taken) => {
      const pages = await shortPages(extension);
      const whole = await samplesOf(oggBytes(pages));
      for (const page of pages.slice(4)) if (page.granule >= 0n) page.granule += BigInt(jump);
      const outcome = await readAudio(oggBytes(pages)).catch((error) => error);
      if (taken) expectSame(outcome.channels[0], whole);
      else expect(outcome).toMatchObject({ code: 'FILE_FORMAT' });
    },
  );
});

describe('readAudio of Ogg beside other streams', () => {
  const serial = 5;
  const first = (packet: string): OggPageBytes => oggPage([text(packet)], { serial, flags: BOS });
  const last = oggPage([text('')], { serial, sequence: 1, flags: EOS });

  it.each([
    ['a Skeleton', 'fishead\0'],
    ['video', '\x80theora'],
  ])('takes the sound of a file with %s first', async (_, packet) => {
    const alone = await shortPages('ogg');
    const beside = oggBytes([first(packet), ...alone.slice(0, 3), last, ...alone.slice(3)]);
    expectSame(await samplesOf(beside), await samplesOf(await short('ogg')));
  });

  it('refuses two streams of sound', async () => {
    const [vorbis, opus] = [await shortPages('ogg'), await shortPages('opus')];
    const both = [vorbis[0], opus[0], ...vorbis.slice(1), ...opus.slice(1)] as OggPageBytes[];
    await expect(readAudio(oggBytes(both))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('side by side'),
    });
  });

  it('names video without sound', async () => {
    await expect(readAudio(oggBytes([first('\x80theora'), last]))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('Theora video'),
    });
  });

  it('takes tags and stray bytes around it', async () => {
    const tag = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 3, 0, 0, 0);
    const around = Buffer.concat([tag, oggFlac([1, 2]), text('\x01\x02junk')]);
    expect(await samplesOf(around)).toHaveLength(2);
  });
});

describe('readAudio of Opus', () => {
  it('leaves out the samples that the header says to skip, and no others', async () => {
    const bytes = await short('opus');
    const plain = await samplesOf(bytes);
    const later = await samplesOf(
      withHead(bytes, (head) => head.setUint16(10, head.getUint16(10, true) + 1000, true)),
    );
    expectSame(later, plain.subarray(1000));
  });

  it('ends where the last page says', async () => {
    const pages = await shortPages('opus');
    (pages.at(-1) as OggPageBytes).granule -= 7n;
    const plain = await samplesOf(await short('opus'));
    expectSame(await samplesOf(oggBytes(pages)), plain.subarray(0, -7));
  });

  it('applies the gain of the header', async () => {
    const bytes = await short('opus');
    const plain = await samplesOf(bytes);
    const louder = await samplesOf(withHead(bytes, (head) => head.setInt16(16, -6 * 256, true)));
    const gain = 10 ** (-6 / 20);
    // The codec rounds the factor and the product to float32.
    const worst = louder.reduce(
      (sum, value, i) => Math.max(sum, Math.abs(value - gain * (plain[i] as number))),
      0,
    );
    expect(worst).toBeLessThan(1e-5);
  });

  it('refuses a channel mapping that it does not know', async () => {
    const bytes = withHead(await short('opus'), (head) => head.setUint8(18, 3));
    await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });
});

describe('readAudio of Vorbis', () => {
  it('ends where the last page says', async () => {
    const pages = await shortPages('ogg');
    (pages.at(-1) as OggPageBytes).granule -= 7n;
    const plain = await samplesOf(await short('ogg'));
    expectSame(await samplesOf(oggBytes(pages)), plain.subarray(0, -7));
  });

  it('begins where the first page says', async () => {
    const pages = await shortPages('ogg');
    for (const page of pages.slice(2)) page.granule -= 50n;
    const plain = await samplesOf(await short('ogg'));
    expectSame(await samplesOf(oggBytes(pages)), plain.subarray(50));
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
