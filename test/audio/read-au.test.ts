import { readAudio } from '../../lib/audio';

interface AuBytes {
  encoding?: number;
  channels?: number;
  sampleRate?: number;
  /** Bytes of audio that the header announces, when that is not the truth. */
  size?: number;
  start?: number;
  data: readonly number[];
}

function auBytes({
  encoding = 3,
  channels = 1,
  sampleRate = 22_050,
  size,
  start = 32,
  data,
}: AuBytes) {
  const bytes = new Uint8Array(start + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('.snd'));
  for (const [index, value] of [
    start,
    size ?? data.length,
    encoding,
    sampleRate,
    channels,
  ].entries()) {
    view.setUint32(4 + 4 * index, value);
  }
  bytes.set(data, start);
  return bytes;
}

const float64 = [...new Uint8Array(Float64Array.of(-0.125).buffer)].reverse();
const float32 = [...new Uint8Array(Float32Array.of(0.75).buffer)].reverse();

describe('readAudio of an au file', () => {
  test.each([
    [2, [0x80, 0x40], [-1, 0.5]],
    [3, [0x80, 0, 0x40, 0], [-1, 0.5]],
    [4, [0x80, 0, 0, 0x20, 0, 0], [-1, 0.25]],
    [5, [0x80, 0, 0, 0, 0xc0, 0, 0, 0], [-1, -0.5]],
    [6, float32, [0.75]],
    [7, float64, [-0.125]],
  ])('encoding %i', async (encoding, data, samples) => {
    expect(await readAudio(auBytes({ encoding, data }))).toEqual({
      format: 'au',
      sampleRate: 22_050,
      channels: [Float32Array.from(samples)],
    });
  });

  test('channels take turns; a length of all ones means to the end', async () => {
    const data = [0x40, 0, 0x80, 0, 0x20, 0, 0xc0, 0];
    const { channels } = await readAudio(auBytes({ channels: 2, data, size: 0xffff_ffff }));
    expect(channels).toEqual([Float32Array.of(0.5, 0.25), Float32Array.of(-1, -0.5)]);
  });

  test.each([
    ['cut short', { data: [1, 2], size: 4 }, /4 bytes.*2 follow/],
    ['half a sample', { data: [1, 2, 3] }, /frames of 2/],
    ['mu-law', { data: [1], encoding: 1 }, /encoding 1.*ffmpeg/],
    ['no channel', { data: [1, 2], channels: 0 }, /0 channels/],
    ['no rate', { data: [1, 2], sampleRate: 0 }, /0 Hz/],
  ])('refuses %s', async (_, au, message) => {
    await expect(readAudio(auBytes(au))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(message),
    });
    await expect(readAudio(auBytes(au).subarray(0, 20))).rejects.toThrow(/too few/);
  });

  test('refuses more behind the end, a second file above all, and takes tags and zeros', async () => {
    const one = auBytes({ data: [1, 2, 3, 4] });
    for (const tail of [one, Uint8Array.of(1, 2, 3, 4)]) {
      await expect(readAudio(Buffer.concat([one, tail]))).rejects.toMatchObject({
        code: 'FILE_FORMAT',
      });
    }
    for (const tail of [new Uint8Array(9), Buffer.from('TAGa title')]) {
      expect((await readAudio(Buffer.concat([one, tail]))).channels[0]).toHaveLength(2);
    }
  });

  test('without samples is empty', async () => {
    await expect(readAudio(auBytes({ data: [] }))).rejects.toMatchObject({ code: 'AUDIO_EMPTY' });
  });
});
