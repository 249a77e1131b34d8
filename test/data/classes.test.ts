import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  ClassBatches,
  type ClassSource,
  LabeledClips,
  listClasses,
  prefetch,
} from '../../lib/data';
import { stratifiedFolds, stratifiedSplit } from '../../lib/data/classes/stratified';
import { temporaryFolder } from '../nn/temporary-folder';
import { PITCHES, pitch, writeClassFolders } from './made-up-classes';
import { RATE, wav, writeFiles } from './made-up-corpus';

const at = temporaryFolder();
const sound = wav(pitch(300, 0));

beforeAll(async () => {
  await writeClassFolders(at('folders'), 4);
  await writeFiles(at('digits'), {
    'recordings/0_ann_0.wav': sound,
    'recordings/1_ann_0.wav': sound,
    'recordings/1_bob_12.wav': sound,
    'recordings/README.wav': sound,
  });
  await writeFiles(at('spoof'), {
    'flac/LA_E_1.wav': sound,
    'flac/LA_E_2.wav': sound,
    'flac/LA_E_3.wav': sound,
    'protocol.txt':
      'LA_0079 LA_E_2 - A07 spoof\r\nLA_0079 LA_E_1 - - bonafide\n\nLA_0080 LA_E_3 - A17 spoof\n',
    'no-protocol.txt': 'LA_0079 LA_E_1 - - bonafide\nLA_0079 LA_E_2 A07 spoof\n',
    'more.txt': 'LA_0079 LA_E_1 - - bonafide\nLA_0079 LA_E_9 - A07 spoof\n',
    'empty.txt': '\n',
  });
});

const spoof = (more: Partial<Extract<ClassSource, { kind: 'asvspoof' }>> = {}): ClassSource => ({
  kind: 'asvspoof',
  folder: at('spoof'),
  protocol: at('spoof/protocol.txt'),
  ...more,
});
const named = async (source: ClassSource) => {
  const { labels, files } = await listClasses(source);
  return files.map(({ name, label }) => [name, labels[label]]);
};

describe('listClasses', () => {
  it('takes a sub-folder for a class', async () => {
    const { labels, files } = await listClasses({ kind: 'folders', folder: at('folders') });
    expect(labels).toEqual(['high', 'low', 'middle']);
    expect(files).toHaveLength(12);
    expect(files[0]).toEqual({ path: at('folders/high/0.wav'), name: 'high/0.wav', label: 0 });
  });

  it('reads digit and speaker from the names of FSDD', async () => {
    const digits = { kind: 'spoken-digits', folder: at('digits') } as const;
    expect(await named(digits)).toEqual([
      ['0_ann_0.wav', '0'],
      ['1_ann_0.wav', '1'],
      ['1_bob_12.wav', '1'],
    ]);
    expect(await named({ ...digits, task: 'speaker' })).toEqual([
      ['0_ann_0.wav', 'ann'],
      ['1_ann_0.wav', 'ann'],
      ['1_bob_12.wav', 'bob'],
    ]);
  });

  it('reads protocols of ASVspoof 2019 as they are', async () => {
    expect(await named(spoof())).toEqual([
      ['LA_E_1.wav', 'bonafide'],
      ['LA_E_2.wav', 'spoof'],
      ['LA_E_3.wav', 'spoof'],
    ]);
    expect(await named(spoof({ task: 'attack' }))).toEqual([
      ['LA_E_1.wav', 'bonafide'],
      ['LA_E_2.wav', 'A07'],
      ['LA_E_3.wav', 'A17'],
    ]);
    expect(await named(spoof({ attacks: ['A17'] }))).toEqual([
      ['LA_E_1.wav', 'bonafide'],
      ['LA_E_3.wav', 'spoof'],
    ]);
  });

  it.each<[string, () => ClassSource, string, RegExp]>([
    [
      'an empty sub-folder',
      () => ({ kind: 'folders', folder: at('with-empty') }),
      'FILE_NOT_FOUND',
      /subfolder b/,
    ],
    [
      'one class only',
      () => ({ kind: 'folders', folder: at('one') }),
      'INVALID_ARGUMENT',
      /only one class, a/,
    ],
    [
      'no class',
      () => ({ kind: 'folders', folder: at('one/a') }),
      'INVALID_ARGUMENT',
      /no classes/,
    ],
    [
      'no folder',
      () => ({ kind: 'folders', folder: at('nowhere') }),
      'FILE_NOT_FOUND',
      /no such folder/,
    ],
    [
      'no digit',
      () => ({ kind: 'spoken-digits', folder: at('folders') }),
      'FILE_NOT_FOUND',
      /no recording such as 7_jackson_32\.wav/,
    ],
    [
      'no protocol',
      () => spoof({ protocol: at('nowhere.txt') }),
      'FILE_NOT_FOUND',
      /cannot be read/,
    ],
    [
      'a line that is none of a protocol',
      () => spoof({ protocol: at('spoof/no-protocol.txt') }),
      'FILE_FORMAT',
      /no-protocol\.txt, line 2/,
    ],
    [
      'an empty protocol',
      () => spoof({ protocol: at('spoof/empty.txt') }),
      'FILE_FORMAT',
      /is empty/,
    ],
    [
      'a recording that is not there',
      () => spoof({ protocol: at('spoof/more.txt') }),
      'FILE_NOT_FOUND',
      /LA_E_9/,
    ],
    ['an unknown system', () => spoof({ attacks: ['A99'] }), 'INVALID_ARGUMENT', /A99.*A07, A17/],
    [
      'an unknown kind',
      () => ({ kind: 'timit', folder: at('folders') }) as unknown as ClassSource,
      'INVALID_ARGUMENT',
      /Expected an object with kind folders, spoken-digits, asvspoof/,
    ],
    [
      'an unknown field',
      () => ({ kind: 'folders', folder: at('folders'), task: 'x' }) as unknown as ClassSource,
      'INVALID_ARGUMENT',
      /task is "x"\. There is no such option/,
    ],
  ])('refuses %s', async (_, source, code, message) => {
    await writeFiles(at('with-empty'), { 'a/1.wav': sound, 'b/readme.txt': '' });
    await writeFiles(at('one'), { 'a/1.wav': sound });
    await expect(listClasses(source())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('LabeledClips', () => {
  const load = async (options = {}) =>
    LabeledClips.load(await listClasses({ kind: 'folders', folder: at('folders') }), {
      sampleRate: RATE,
      samples: 1000,
      ...options,
    });

  it('have one length, the recording in their middle, at peak 1', async () => {
    const clips = await load();
    expect(clips.length).toBe(12);
    expect(clips.labels).toEqual(['high', 'low', 'middle']);
    const clip = clips.clip(4);
    expect(clip).toHaveLength(1000);
    expect([...clip.subarray(0, 150)].every((value) => value === 0)).toBe(true);
    expect(Math.max(...clip.map(Math.abs))).toBeCloseTo(1, 6);
    const original = pitch(PITCHES.low, 0);
    const peak = Math.max(...original.map(Math.abs));
    expect([...clip.subarray(150, 850)]).toEqual(
      [...original].map((value) => Math.fround(value / peak)),
    );
  });

  it('are cut where the recording is longer, and resampled', async () => {
    const start = await load({ samples: 100, place: 'start', normalize: false });
    expect([...start.clip(4)]).toEqual([...pitch(PITCHES.low, 0).subarray(0, 100)]);
    const middle = await load({ samples: 100, normalize: false });
    expect([...middle.clip(4)]).toEqual([...pitch(PITCHES.low, 0).subarray(300, 400)]);
    const doubled = await load({ samples: 2000, sampleRate: 2 * RATE });
    expect(doubled.clip(4)[301]).not.toBe(0);
    expect(doubled.clip(4)[299]).toBe(0);
  });

  it("take the place 'centre' of older files, with the digest of older checkpoints", async () => {
    const [clips, older] = await Promise.all([
      load({ place: 'center' }),
      load({ place: 'centre' as 'center' }),
    ]);
    expect(older.options.place).toBe('center');
    expect(older.digest()).toBe(clips.digest());
  });

  it('are moved within their margin', async () => {
    const clips = await load({ margin: 20 });
    const clip = [...clips.clip(4)];
    expect([...clips.clip(4, 20)]).toEqual([...new Array(20).fill(0), ...clip.slice(0, -20)]);
    expect([...clips.clip(4, -20)]).toEqual([...clip.slice(20), ...new Array(20).fill(0)]);
    const cut = await load({ margin: 20, samples: 100 });
    expect(cut.clip(4, 20)[20]).toBe(cut.clip(4)[0]);
    // What enters is the recording's.
    expect(cut.clip(4, 20)[0]).not.toBe(0);
  });

  it('tell how many are read, and stop at the signal', async () => {
    const told: number[] = [];
    await load({ onProgress: (done: number) => told.push(done) });
    expect(told).toHaveLength(12);
    await expect(load({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('name the recording that cannot be read', async () => {
    await writeFiles(at('corrupt'), { 'a/1.wav': sound, 'b/2.wav': 'RIFF and no more' });
    const listed = await listClasses({ kind: 'folders', folder: at('corrupt') });
    await expect(LabeledClips.load(listed)).rejects.toMatchObject({
      name: 'FewSoundError',
      message: expect.stringContaining('2.wav'),
    });
  });

  it('refuse more than memory holds', async () => {
    const { labels, files } = await listClasses({ kind: 'folders', folder: at('folders') });
    const many = Array.from({ length: 100_000 }, () => files[0] as (typeof files)[0]);
    await expect(
      LabeledClips.load({ labels, files: many }, { samples: 2 ** 24 }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'samples' });
  });

  it('have a digest of what decides a training', async () => {
    const digest = (await load()).digest();
    expect((await load()).digest()).toBe(digest);
    expect((await load({ place: 'start' })).digest()).not.toBe(digest);
  });

  describe('in batches', () => {
    it('each has its class, and an epoch has each at most once', async () => {
      const clips = await load({ margin: 5 });
      const members = [0, 1, 2, 4, 5, 8, 9];
      const batches = new ClassBatches({ clips, members, seed: 3, shift: 5 });
      expect(batches.batchesPerEpoch(2)).toBe(3);
      const heard: number[] = [];
      for await (const { epoch, index, samples } of prefetch(batches, {
        batchSize: 2,
        epochs: 2,
      })) {
        const classes = batches.classes(epoch, index, 2);
        expect(samples).toHaveLength(2000);
        if (epoch === 0) heard.push(...classes);
        expect(await batches.batch(epoch, index, 2)).toEqual(samples);
      }
      expect(heard).toHaveLength(6);
      const again = new ClassBatches({ clips, members, seed: 3, shift: 5 });
      expect(await again.batch(1, 2, 2)).toEqual(await batches.batch(1, 2, 2));
      const other = new ClassBatches({ clips, members, seed: 4, shift: 5 });
      expect(await other.batch(1, 2, 2)).not.toEqual(await batches.batch(1, 2, 2));
    });

    it('without a seed come in order, the last one smaller', async () => {
      const clips = await load();
      const batches = new ClassBatches({ clips, members: [1, 4, 8] });
      expect(batches.batchesPerEpoch(2)).toBe(2);
      expect(batches.classes(0, 0, 2)).toEqual([0, 1]);
      expect(batches.classes(0, 1, 2)).toEqual([2]);
      expect(await batches.batch(0, 1, 2)).toEqual(Float32Array.from(clips.clip(8)));
    });
  });
});

describe('stratified parts', () => {
  const labels = Array.from({ length: 50 }, (_, i) => (i < 35 ? 0 : 1));
  const names = ['many', 'few'];
  const inClass = (members: readonly number[], label: number) =>
    members.filter((index) => labels[index] === label).length;

  it('of a training have every class in the same proportion, 60:20:20', () => {
    const { train, validation, test } = stratifiedSplit(
      labels,
      names,
      { validation: 0.2, test: 0.2 },
      1,
    );
    expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(
      labels.map((_, i) => i),
    );
    expect([train, validation, test].map((part) => [inClass(part, 0), inClass(part, 1)])).toEqual([
      [21, 9],
      [7, 3],
      [7, 3],
    ]);
  });

  it('depend on the seed and nothing else', () => {
    const split = (seed: number) =>
      stratifiedSplit(labels, names, { validation: 0.2, test: 0.2 }, seed);
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
    expect(stratifiedFolds(labels, names, 5, 1)).toEqual(stratifiedFolds(labels, names, 5, 1));
    expect(stratifiedFolds(labels, names, 5, 1)).not.toEqual(stratifiedFolds(labels, names, 5, 2));
  });

  it('of a cross-validation have every class in the same proportion', () => {
    const folds = stratifiedFolds(labels, names, 5, 1);
    for (let fold = 0; fold < 5; fold++) {
      const members = labels.flatMap((_, i) => (folds[i] === fold ? [i] : []));
      expect([inClass(members, 0), inClass(members, 1)]).toEqual([7, 3]);
    }
  });

  it('have at least one recording of every class, or say so', () => {
    const three = stratifiedSplit([0, 0, 0, 1, 1, 1], names, { validation: 0.1, test: 0.8 }, 0);
    expect([three.train, three.validation, three.test].map(({ length }) => length)).toEqual([
      2, 2, 2,
    ]);
    expect(() =>
      stratifiedSplit([0, 0, 0, 1, 1], names, { validation: 0.2, test: 0.2 }, 0),
    ).toThrow(/class few has 2 recording.*at least 3/);
    expect(() => stratifiedFolds(labels, names, 20, 0)).toThrow(/class few has 15/);
  });
});

const fsdd = join(__dirname, '..', '..', '..', 'shared', 'data', 'fsdd');
(existsSync(fsdd) ? describe : describe.skip)('spoken digits (skipped without ../shared)', () => {
  it('are 2,700 of ten digits and six speakers', async () => {
    const digits = await listClasses({ kind: 'spoken-digits', folder: fsdd });
    expect([digits.files.length, digits.labels.length]).toEqual([2700, 10]);
    const speakers = await listClasses({ kind: 'spoken-digits', folder: fsdd, task: 'speaker' });
    expect(speakers.labels).toHaveLength(6);
  });
});
