import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CorpusKind, corpusKinds, listCorpus } from '../../lib/data';
import { listRecordings } from '../../lib/data/corpora';
import { temporaryFolder } from '../nn/temporary-folder';
import { writeCorpus, writeFiles } from './made-up-corpus';

const at = temporaryFolder();
let count = 0;
async function made(kind: CorpusKind): Promise<string> {
  const folder = at(`${kind}-${count++}`);
  await writeCorpus(kind, folder);
  return folder;
}

const names = (files: readonly { name: string }[]) => files.map(({ name }) => name);
const groups = (files: readonly { group: string }[]) => [
  ...new Set(files.map(({ group }) => group)),
];

describe('listCorpus', () => {
  test.each(corpusKinds)(
    '%s: both parts sorted, apart from each other, with whole paths',
    async (kind) => {
      const folder = await made(kind);
      const { train, validation, leftOut } = await listCorpus(kind, folder);
      expect(train.length).toBeGreaterThan(0);
      expect(validation.length).toBeGreaterThan(0);
      for (const part of [train, validation]) {
        expect(names(part)).toEqual([...new Set(names(part))]);
        for (const { path, name } of part) {
          expect(path.startsWith(folder) && path.endsWith(name)).toBe(true);
        }
      }
      expect(names(train).filter((name) => names(validation).includes(name))).toEqual([]);
      expect(await listCorpus(kind, folder)).toEqual({ train, validation, leftOut });
    },
  );

  test('vctk: both microphones, the last ten speakers for validation', async () => {
    const { train, validation } = await listCorpus('vctk', await made('vctk'));
    expect(groups(train)).toEqual(['p225', 'p226']);
    expect(groups(validation)).toHaveLength(10);
    expect(names(train).slice(0, 2)).toEqual([
      'wav48_silence_trimmed/p225/p225_001_mic1.flac',
      'wav48_silence_trimmed/p225/p225_001_mic2.flac',
    ]);
  });

  test('noisy-vctk: both training sets or one, the test set for validation', async () => {
    const folder = await made('noisy-vctk');
    expect(groups((await listCorpus('noisy-vctk', folder)).train)).toEqual(['p226', 'p234']);
    await rm(join(folder, 'noisy_trainset_56spk_wav'), { recursive: true });
    const { train, validation } = await listCorpus('noisy-vctk', folder);
    expect([groups(train), groups(validation)]).toEqual([['p226'], ['p232']]);
  });

  test('librispeech: the same with and without the folder around it', async () => {
    const folder = await made('librispeech');
    const outer = await listCorpus('librispeech', folder);
    expect(await listCorpus('librispeech', join(folder, 'LibriSpeech'))).toEqual(outer);
    expect([groups(outer.train), groups(outer.validation)]).toEqual([['103'], ['1688']]);
  });

  test('ljspeech: the last 5 % by name for validation', async () => {
    const { train, validation } = await listCorpus('ljspeech', await made('ljspeech'));
    expect(train).toHaveLength(38);
    expect(names(validation)).toEqual(['wavs/LJ001-0039.wav', 'wavs/LJ001-0040.wav']);
    expect(groups(train)).toEqual(['LJ001']);
  });

  test('gtzan: the last tenth of every genre for validation', async () => {
    const folder = await made('gtzan');
    const { validation } = await listCorpus('gtzan', folder);
    expect(names(validation)).toEqual([
      'genres/blues/blues.00009.wav',
      'genres/jazz/jazz.00009.wav',
    ]);
    const half = await listCorpus('gtzan', folder, { validationFraction: 0.5 });
    expect(half.train).toHaveLength(10);
  });

  test('urbansound8k: fold 10 for validation, classes by name', async () => {
    const { train, validation } = await listCorpus('urbansound8k', await made('urbansound8k'));
    expect(train).toHaveLength(18);
    expect(groups(validation)).toEqual(['air_conditioner', 'dog_bark']);
    expect(validation.every(({ name }) => name.startsWith('audio/fold10/'))).toBe(true);
  });

  test('speech-commands: by its lists, without the noise and what is for testing', async () => {
    const { train, validation } = await listCorpus(
      'speech-commands',
      await made('speech-commands'),
    );
    expect(names(validation)).toEqual(['yes/000_nohash_0.wav', 'no/001_nohash_0.wav'].sort());
    expect(train).toHaveLength(5);
    expect(groups(train).sort()).toEqual(['no', 'yes']);
  });

  test('folder: a part by the hash of names, which new files hardly move', async () => {
    const folder = await made('folder');
    await writeFiles(folder, { '.hidden.wav': 'x', 'even/._000.wav': 'x', 'notes.txt': 'x' });
    const before = await listCorpus('folder', folder, { validationFraction: 0.25 });
    expect([before.train.length, before.validation.length]).toEqual([15, 5]);
    expect(groups(before.train)).toEqual(['even', 'odd/deep']);
    await writeFiles(folder, { 'more.flac': 'x' });
    const after = await listCorpus('folder', folder, { validationFraction: 0.25 });
    const stayed = names(after.validation).filter((name) =>
      names(before.validation).includes(name),
    );
    expect(stayed.length).toBeGreaterThanOrEqual(4);
  });

  test('vctk: names that it does not have are left out, and listed', async () => {
    const folder = await made('vctk');
    const audio = 'wav48_silence_trimmed';
    await writeFiles(folder, {
      [`${audio}/p225/p225_001.flac`]: 'x',
      [`${audio}/p225/notes.txt`]: 'x',
      [`${audio}/extra/e_001_mic1.flac`]: 'x',
    });
    expect((await listCorpus('vctk', folder)).leftOut).toEqual([
      { name: `${audio}/extra`, reason: 'other-name' },
      { name: `${audio}/p225/notes.txt`, reason: 'not-audio' },
      { name: `${audio}/p225/p225_001.flac`, reason: 'other-name' },
    ]);
  });
});

describe('listRecordings', () => {
  test.each(corpusKinds)('%s: both parts, by name', async (kind) => {
    const folder = await made(kind);
    const { train, validation, leftOut } = await listCorpus(kind, folder);
    const all = [...train, ...validation].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(await listRecordings(kind, folder)).toEqual({ recordings: all, leftOut });
  });
});

describe('listCorpus says what it looked for and where', () => {
  test.each(corpusKinds)('%s: a folder that is not there, and an empty one', async (kind) => {
    await expect(listCorpus(kind, at('absent'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining(at('absent')),
    });
    const empty = at(`empty-${kind}`);
    await mkdir(empty);
    await expect(listCorpus(kind, empty)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining(empty),
    });
  });

  const halves: [CorpusKind, string, RegExp][] = [
    ['noisy-vctk', 'noisy_testset_wav', /noisy_testset_wav/],
    ['librispeech', 'LibriSpeech/test-other', /test-other/],
    ['ljspeech', 'LJSpeech-1.1/wavs', /wavs/],
    ['gtzan', 'genres', /genres_original/],
    ['urbansound8k', 'UrbanSound8K/audio/fold10', /fold10/],
    ['speech-commands', 'validation_list.txt', /validation_list\.txt/],
    ['speech-commands', 'yes', /validation_list\.txt names yes\/000/],
  ];
  test.each(halves)('%s without %s', async (kind, part, message) => {
    const folder = await made(kind);
    await rm(join(folder, part), { recursive: true });
    await expect(listCorpus(kind, folder)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringMatching(message),
    });
  });

  test('vctk of ten speakers, or with a speaker without recordings', async () => {
    const folder = await made('vctk');
    const speaker = join(folder, 'wav48_silence_trimmed', 'p225');
    await rm(speaker, { recursive: true });
    await mkdir(speaker);
    await expect(listCorpus('vctk', folder)).rejects.toThrow(/p225 contains no recording/);
    await rm(speaker, { recursive: true });
    await rm(join(folder, 'wav48_silence_trimmed', 'p226'), { recursive: true });
    await expect(listCorpus('vctk', folder)).rejects.toThrow(/10 speaker.*at least 11/);
  });

  test('a file in the place of the folder', async () => {
    await writeFile(at('file'), 'x');
    await expect(listCorpus('folder', at('file'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'folder',
    });
  });

  test('a kind that there is not, and options that a corpus does not take', async () => {
    await expect(listCorpus('vtck' as 'vctk', at('x'))).rejects.toThrow(/vtck.*ljspeech/);
    await expect(listCorpus('vctk', at('x'), { validationFraction: 0.1 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'validationFraction',
    });
    for (const validationFraction of [0, 1, Number.NaN]) {
      await expect(listCorpus('folder', at('x'), { validationFraction })).rejects.toThrow(
        /above 0/,
      );
    }
  });
});
