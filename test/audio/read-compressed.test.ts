import { type AudioFormat, loadClip, readAudio } from '../../lib/audio';
import { flacBytes } from './flac-bytes';
import { lena } from './lena';

type Extension = 'wav' | 'flac' | 'mp3' | 'ogg' | 'opus';

const files: [extension: Extension, format: AudioFormat][] = [
  ['wav', 'wav'],
  ['flac', 'flac'],
  ['mp3', 'mp3'],
  ['ogg', 'vorbis'],
  ['opus', 'opus'],
];

describe('readAudio of a real recording', () => {
  it.each(files)('%s: the format, the length and one channel', async (extension, format) => {
    const recording = await readAudio(await lena(extension));
    const sampleRate = format === 'opus' ? 48_000 : 44_100;
    expect(recording).toMatchObject({ format, sampleRate });
    expect(recording.channels.map(({ length }) => length)).toEqual([
      Math.ceil((541_184 * sampleRate) / 44_100),
    ]);
  });

  // Measured: flac and wav were dithered apart (8 steps of 16 bits); lossy codecs as they are.
  it.each([
    ['flac', 60],
    ['mp3', 60],
    ['ogg', 20],
    ['opus', 10],
  ] as const)('%s is the wav again, %i dB above its difference', async (extension, decibels) => {
    const part = { sampleRate: 22_050, samples: 22_050, offset: 2, normalize: false };
    const wav = await loadClip(await lena('wav'), part);
    const other = await loadClip(await lena(extension), part);
    let [signal, difference] = [0, 0];
    for (const [i, value] of wav.samples.entries()) {
      signal += value ** 2;
      difference += (value - (other.samples[i] as number)) ** 2;
    }
    expect(10 * Math.log10(signal / difference)).toBeGreaterThan(decibels);
  });

  it('goes by the content, not by the name or by a tag in front', async () => {
    const tag = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 3, 0, 0, 0);
    const bytes = Buffer.concat([tag, flacBytes([1, 2, 3], 16)]);
    expect((await readAudio(bytes)).format).toBe('flac');
    expect((await readAudio(await lena('mp3'))).format).toBe('mp3');
  });
});

describe('readAudio of a damaged recording', () => {
  it.each(files)('%s: refuses the first half, and all but the last bytes', async (extension) => {
    const bytes = await lena(extension);
    for (const length of [bytes.length >> 1, bytes.length - 100, bytes.length - 1]) {
      await expect(readAudio(bytes.subarray(0, length))).rejects.toMatchObject({
        code: 'FILE_FORMAT',
        message: expect.stringMatching(/cut short|incomplete/),
      });
    }
  });

  it.each(files)('%s: refuses the first 40 bytes', async (extension) => {
    const bytes = await lena(extension);
    await expect(readAudio(bytes.subarray(0, 40))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  });

  it.each(['flac', 'mp3', 'ogg', 'opus'] as const)(
    '%s: refuses bytes overwritten inside',
    async (extension) => {
      const bytes = Uint8Array.from(await lena(extension));
      bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + 3000);
      await expect(readAudio(bytes)).rejects.toMatchObject({
        code: 'FILE_FORMAT',
        message: expect.stringContaining('damaged'),
      });
    },
  );

  it('refuses an Ogg file of something else', async () => {
    const bytes = Uint8Array.from(await lena('ogg'));
    bytes.set(Buffer.from('Speex   '), 28);
    await expect(readAudio(bytes)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('Speex audio in Ogg'),
    });
  });

  it('refuses an ID3 tag with nothing behind it', async () => {
    const tag = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0);
    await expect(readAudio(tag)).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringContaining('before any audio'),
    });
  });
});
