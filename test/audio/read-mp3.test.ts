import { readAudio } from '../../lib/audio';
import { lena } from './lena';

/**
 * The first frames of the recording, by its header's bit rate: the information frame, then sound.
 */
async function frames(count: number): Promise<Buffer[]> {
  const bytes = Buffer.from(await lena('mp3'));
  const rates = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
  const found: Buffer[] = [];
  let at = bytes.indexOf(Buffer.of(0xff, 0xfb));
  while (found.length <= count) {
    const third = bytes[at + 2] as number;
    const size =
      Math.floor((144_000 * (rates[third >> 4] as number)) / 44_100) + ((third >> 1) & 1);
    found.push(bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** An MP3 without an information frame. */
async function sound(count = 12): Promise<Buffer> {
  return Buffer.concat((await frames(count)).slice(1));
}

async function samplesOf(bytes: Uint8Array): Promise<Float32Array> {
  const { channels, format } = await readAudio(bytes);
  expect(format).toBe('mp3');
  expect(channels).toHaveLength(1);
  return channels[0] as Float32Array;
}

/** The same frames with other bits in their headers, cut or filled up to `size` bytes. */
async function changed(change: (header: Buffer) => void, size?: number): Promise<Buffer> {
  const all = (await frames(6)).slice(1).map((frame) => {
    const copy = Buffer.alloc(size ?? frame.length);
    frame.copy(copy);
    change(copy);
    return copy;
  });
  return Buffer.concat(all);
}

function infoFrame(bytes: Uint8Array): number {
  return Math.max(Buffer.from(bytes).indexOf('Info'), Buffer.from(bytes).indexOf('Xing'));
}

function id3v2(length: number): Buffer {
  const tag = Buffer.alloc(10 + length, 0x41);
  tag.write('ID3\x04\0\0\0\0', 'latin1');
  tag.writeUInt16BE(((length >> 7) << 8) | (length & 0x7f), 8);
  return tag;
}

/** A tag of one item, with header and footer. */
function ape(): Buffer {
  const item = Buffer.from('\x03\0\0\0\0\0\0\0Title\0abc', 'latin1');
  const end = (flags: number): Buffer => {
    const part = Buffer.alloc(32);
    part.write('APETAGEX');
    part.writeUInt32LE(2000, 8);
    part.writeUInt32LE(item.length + 32, 12);
    part.writeUInt32LE(1, 16);
    part.writeUInt32LE(flags, 20);
    return part;
  };
  return Buffer.concat([end(0xa000_0000), item, end(0x8000_0000)]);
}

const id3v1 = Buffer.from('TAG'.padEnd(128, 'x'));
const lyrics = Buffer.from('LYRICSBEGININD0000200000020LYRICS200');

describe('readAudio of an mp3 among other bytes', () => {
  it.each<[string, Buffer]>([
    ['an ID3v2 tag', id3v2(300)],
    ['two ID3v2 tags', Buffer.concat([id3v2(20), id3v2(200)])],
    ['an APE tag', ape()],
    [
      'an APE tag of a header alone',
      Buffer.from(ape().fill(0, 13, 16).fill(32, 12, 13).subarray(0, 32)),
    ],
    ['stray bytes', Buffer.from('abcd')],
    ['zeros', Buffer.alloc(500)],
    ['a tag and stray bytes', Buffer.concat([id3v2(40), Buffer.from('\x01\x02\x03')])],
  ])('takes %s in front of it', async (_, front) => {
    const plain = await sound();
    expect(await samplesOf(Buffer.concat([front, plain]))).toEqual(await samplesOf(plain));
  });

  it.each<[string, Buffer]>([
    ['an ID3v1 tag', id3v1],
    ['an APE tag', ape()],
    ['an APE and an ID3v1 tag', Buffer.concat([ape(), id3v1])],
    ['lyrics and an ID3v1 tag', Buffer.concat([lyrics, id3v1])],
    ['an ID3v2 tag', id3v2(30)],
    ['one byte', Buffer.of(0xff)],
    ['zeros', Buffer.alloc(500)],
  ])('takes %s behind it', async (_, tail) => {
    const plain = await sound();
    expect(await samplesOf(Buffer.concat([plain, tail]))).toEqual(await samplesOf(plain));
  });

  it('sees through a tag that its last frame is cut short', async () => {
    const plain = await sound();
    const bytes = Buffer.concat([plain.subarray(0, -50), id3v1]);
    await expect(readAudio(bytes)).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });
});

describe('readAudio of an mp3 that changes', () => {
  it.each<[string, () => Promise<Buffer>]>([
    // 48 kHz: frames of 128 kbit/s have 384 bytes.
    ['rate', () => changed((header) => header.writeUInt8(0x94, 2), 384)],
    [
      'number of channels',
      () => changed((header) => header.writeUInt8((header[3] as number) ^ 0xc0, 3)),
    ],
  ])('refuses another %s', async (_, other) => {
    for (const parts of [
      [await sound(), await other()],
      [await other(), await sound()],
    ]) {
      await expect(readAudio(Buffer.concat(parts))).rejects.toMatchObject({
        code: 'FILE_FORMAT',
        message: expect.stringContaining('changes from'),
      });
    }
  });

  it('refuses free format', async () => {
    const bytes = await changed((header) => header.writeUInt8((header[2] as number) & 0x0f, 2));
    await expect(readAudio(bytes)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('free format'),
    });
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['their tags', Buffer.concat([id3v1, id3v2(10)])],
  ])('decodes files appended to each other each by itself, with %s between', async (_, between) => {
    const alone = await lena('mp3');
    const one = await samplesOf(alone);
    const both = await samplesOf(Buffer.concat([alone, between, alone]));
    expect(both).toHaveLength(2 * one.length);
    for (const half of [both.subarray(0, one.length), both.subarray(one.length)]) {
      expect(half.every((value, i) => value === one[i])).toBe(true);
    }
  });
});

describe('readAudio of an mp3 with an information frame', () => {
  it('takes a file without one', async () => {
    const bytes = Uint8Array.from(await lena('mp3'));
    bytes.fill(0, infoFrame(bytes), infoFrame(bytes) + 4);
    expect((await readAudio(bytes)).format).toBe('mp3');
  });

  it('leaves out the samples that the encoder added', async () => {
    expect(await samplesOf(await lena('mp3'))).toHaveLength(541_184);
    expect(await samplesOf(await sound(12))).toHaveLength(12 * 1152);
  });

  it('leaves out an information frame of another kind (VBRI)', async () => {
    const [, first] = await frames(1);
    const information = Buffer.alloc((first as Buffer).length);
    (first as Buffer).copy(information, 0, 0, 4);
    information.write('VBRI', 36);
    information.writeUInt32BE(12, 50);
    const plain = await sound(12);
    expect(await samplesOf(Buffer.concat([information, plain]))).toEqual(await samplesOf(plain));
    information.writeUInt32BE(13, 50);
    await expect(readAudio(Buffer.concat([information, plain]))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
    });
  });

  it('refuses fewer frames than it promises', async () => {
    const bytes = Uint8Array.from(await lena('mp3'));
    const count = new DataView(bytes.buffer, infoFrame(bytes) + 8, 4);
    count.setUint32(0, count.getUint32(0) + 1);
    await expect(readAudio(bytes)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(/promises 472 frames, but 471 are there/),
    });
  });
});
