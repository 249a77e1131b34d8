import { existsSync, readdirSync, rmSync } from 'node:fs';
import { cp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { resample } from '../../lib/audio';
import {
  corpusKinds,
  openCorpus,
  type PrepareOptions,
  type PrepareProgress,
  prepareCorpus,
} from '../../lib/data';
import { occupy } from '../../lib/folder-lock';
import { flacBytes } from '../audio/flac-bytes';
import { temporaryFolder } from '../nn/temporary-folder';
import { RATE, tone, wav, writeCorpus, writeFiles } from './made-up-corpus';

const at = temporaryFolder();
const workerProgram = join(__dirname, '..', '..', 'dist', 'data', 'prepare-worker.js');
/** Settings for recordings of a second at 8 kHz. */
const SMALL = { sampleRate: 8000, skipSeconds: 0.25, segmentSamples: 2000, workers: 0 };

let count = 0;
const fresh = (name: string) => at(`${name}-${count++}`);

async function madeFolder(lengths: (index: number) => number = () => RATE): Promise<string> {
  const folder = fresh('corpus');
  await writeCorpus('folder', folder, lengths);
  return folder;
}

const options = (folder: string, out: string, more: Partial<PrepareOptions> = {}) => ({
  corpus: 'folder' as const,
  folder,
  out,
  ...SMALL,
  ...more,
});

/** Every file of a folder and its bytes. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files = readdirSync(folder).sort();
  return Object.fromEntries(
    await Promise.all(
      files.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')]),
    ),
  );
}

describe('prepareCorpus', () => {
  test.each(corpusKinds)('%s', async (corpus) => {
    const folder = fresh('corpus');
    await writeCorpus(corpus, folder);
    const out = fresh('out');
    const result = await prepareCorpus({ corpus, folder, out, ...SMALL });
    // 8000 samples, 2000 skipped, three segments of 2000 each.
    expect(result).toMatchObject({ corpus, folder: out, sampleRate: 8000, badFiles: [] });
    expect(result.train.segments).toBe(3 * result.train.files);
    expect(result.validation.segments).toBe(3 * result.validation.files);
    expect(readdirSync(out).sort()).toEqual([
      'manifest.json',
      'train-00000.f32',
      'validation-00000.f32',
    ]);
  });

  test('resamples, drops the beginning and the remainder, and leaves the level', async () => {
    const folder = fresh('corpus');
    const sound = tone(5, 15_000);
    await writeFiles(folder, { 'a.wav': wav(sound, 11_025), 'b.wav': wav(sound, 11_025) });
    await prepareCorpus(options(folder, fresh('out')));
    const out = at(`out-${count - 1}`);
    const corpus = await openCorpus(out);
    const whole = resample(sound, 11_025, 8000);
    expect(corpus.train.length).toBe(Math.floor((whole.length - 2000) / 2000));
    for (let i = 0; i < corpus.train.length; i++) {
      const start = 2000 + 2000 * i;
      expect(corpus.train.segment(i)).toMatchObject({ start, samples: 2000 });
      expect(await corpus.train.read(i)).toEqual(whole.slice(start, start + 2000));
    }
    await corpus.close();
  });

  test('by default takes the numbers of the paper', async () => {
    const folder = fresh('corpus');
    const long = wav(tone(1, 11_025 + 65_536 + 100), 22_050);
    await writeFiles(folder, { 'a.wav': long, 'b.wav': long });
    const result = await prepareCorpus({ corpus: 'folder', folder, out: fresh('out'), workers: 0 });
    expect(result).toMatchObject({ sampleRate: 22_050, segmentSamples: 65_536 });
    expect(result.train.segments).toBe(1);
    expect(result.train.seconds).toBeCloseTo(65_536 / 22_050);
  });

  test('mixes channels down and reads flac', async () => {
    const folder = fresh('corpus');
    const steps = Array.from({ length: 4000 }, (_, i) => ((i * 37) % 200) - 100);
    const flac = flacBytes(steps, 16);
    await writeFiles(folder, { 'a.flac': flac, 'b.flac': flac });
    const out = fresh('out');
    await prepareCorpus(options(folder, out, { sampleRate: 44_100, skipSeconds: 0 }));
    const corpus = await openCorpus(out);
    expect(await corpus.train.read(1, 0, 3)).toEqual(
      Float32Array.from(steps.slice(2000, 2003), (step) => step / 32_768),
    );
    await corpus.close();
  });

  test('says what is wrong with files that give nothing, and goes on', async () => {
    const folder = await madeFolder();
    const cut = wav(tone(1)).subarray(0, 3000);
    await writeFiles(folder, {
      'bad/cut.wav': cut,
      'bad/empty.wav': '',
      'bad/none.wav': wav(tone(1)).subarray(0, 58).with(54, 0).with(55, 0),
      'bad/text.flac': 'this is no sound',
      'bad/short.wav': wav(tone(1, 3999)),
      'bad/silent.wav': wav(new Float32Array(8000)),
      'bad/nan.wav': (() => {
        const bytes = wav(tone(1));
        new DataView(bytes.buffer).setFloat32(58 + 400, Number.NaN, true);
        return bytes;
      })(),
    });
    const result = await prepareCorpus(options(folder, fresh('out')));
    const problems = Object.fromEntries(
      result.badFiles.map(({ name, problem }) => [name, problem]),
    );
    expect(problems).toMatchObject({
      'bad/cut.wav': 'damaged',
      'bad/empty.wav': 'empty',
      'bad/text.flac': 'damaged',
      'bad/short.wav': 'short',
      'bad/silent.wav': 'silent',
      'bad/nan.wav': 'damaged',
    });
    expect(result.badFiles).toHaveLength(7);
    expect(result.train.files + result.validation.files).toBe(20);
    for (const { message } of result.badFiles) {
      expect(message).toMatch(/\.$/);
      expect(message).not.toContain(folder);
    }
    expect((await openCorpus(result.folder)).badFiles).toEqual(result.badFiles);
  });

  test('leaves out silent segments of a recording that is not silent', async () => {
    const folder = fresh('corpus');
    const gap = tone(2);
    gap.fill(0, 4000, 6000);
    await writeFiles(folder, { 'a.wav': wav(gap), 'b.wav': wav(gap) });
    const result = await prepareCorpus(options(folder, fresh('out')));
    const corpus = await openCorpus(result.folder);
    expect([0, 1].map((i) => corpus.train.segment(i).start)).toEqual([2000, 6000]);
    expect(corpus.train.length).toBe(2);
    await corpus.close();
  });

  test('pads short recordings where it is told to', async () => {
    const folder = fresh('corpus');
    await writeFiles(folder, { 'a.wav': wav(tone(1, 3000)), 'b.wav': wav(tone(1, 3000)) });
    const result = await prepareCorpus(options(folder, fresh('out'), { short: 'pad' }));
    const corpus = await openCorpus(result.folder);
    expect(corpus.train.segment(0)).toMatchObject({ start: 2000, samples: 1000 });
    const samples = await corpus.train.read(0);
    expect(samples.subarray(0, 1000)).toEqual(tone(1, 3000).subarray(2000));
    expect(samples.subarray(1000).every((value) => value === 0)).toBe(true);
    await corpus.close();
  });

  test('fails, and leaves nothing, where no segment is left', async () => {
    const folder = await madeFolder(() => 3000);
    const out = fresh('out');
    await expect(prepareCorpus(options(folder, out))).rejects.toMatchObject({
      code: 'AUDIO_EMPTY',
      message: expect.stringMatching(/19 are too short.*short: 'pad'/),
    });
    expect(existsSync(out)).toBe(false);
  });

  test('reports how far it is', async () => {
    const reports: PrepareProgress[] = [];
    const folder = await madeFolder();
    await prepareCorpus(
      options(folder, fresh('out'), { onProgress: (progress) => reports.push(progress) }),
    );
    expect(reports.at(-1)).toMatchObject({
      files: 20,
      totalFiles: 20,
      segments: 60,
      badFiles: 0,
      secondsLeft: 0,
    });
  });

  test.each([
    ['sampleRate', { sampleRate: 0 }],
    ['skipSeconds', { skipSeconds: -1 }],
    ['segmentSamples', { segmentSamples: 1.5 }],
    ['short', { short: 'keep' as 'pad' }],
    ['workers', { workers: -1 }],
    ['corpus', { corpus: 'vtck' as 'vctk' }],
    ['validationFraction', { validationFraction: 2 }],
    ['validationFraction', { corpus: 'vctk' as const, validationFraction: 0.5 }],
    ['onprogress', { onprogress: () => {} } as Partial<PrepareOptions>],
  ])('refuses a bad %s before it makes anything', async (field, more) => {
    const out = fresh('out');
    await expect(prepareCorpus(options(at('absent'), out, more))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
    });
    expect(existsSync(out)).toBe(false);
  });
});

describe('an interrupted preparation', () => {
  let folder: string;
  let uninterrupted: Record<string, string>;
  beforeAll(async () => {
    folder = fresh('vctk');
    await writeCorpus('vctk', folder, (index) => 6000 + 100 * index);
    await writeFiles(folder, { 'wav48_silence_trimmed/p225/p225_003_mic1.flac': 'no sound' });
    const out = fresh('out');
    await prepareCorpus(vctk(out));
    uninterrupted = await contents(out);
  });
  // Enough segments for several shards would take long; a unit is a shard, and there are two.
  const vctk = (out: string, more: Partial<PrepareOptions> = {}): PrepareOptions => ({
    corpus: 'vctk',
    folder,
    out,
    ...SMALL,
    ...more,
  });

  function abortAfter(files: number): Pick<PrepareOptions, 'onProgress' | 'signal'> {
    const controller = new AbortController();
    let reports = 0;
    return {
      signal: controller.signal,
      onProgress: (progress) => {
        reports += 1;
        if (progress.files >= files || reports >= files) controller.abort(new Error('enough'));
      },
    };
  }

  test.each([1, 2])('at report %i: goes on to the same bytes', async (files) => {
    const out = fresh('out');
    await expect(prepareCorpus(vctk(out, abortAfter(files)))).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringMatching(/\d+ of 49 recordings done/),
      cause: new Error('enough'),
    });
    expect(readdirSync(out)).not.toContain('manifest.json');
    await expect(openCorpus(out)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await prepareCorpus(vctk(out));
    expect(await contents(out)).toEqual(uninterrupted);
  });

  test('does not do again what is done', async () => {
    const out = fresh('out');
    await cpWithout(out, 'manifest');
    const { filesDone } = await prepareCorpus(vctk(out));
    expect(filesDone).toBe(40);
    expect(await contents(out)).toEqual(uninterrupted);
  });

  /** A finished preparation, put back to where it was before its validation part. */
  async function cpWithout(out: string, what: 'manifest'): Promise<void> {
    await prepareCorpus(vctk(out));
    const manifest = JSON.parse(await readFile(join(out, `${what}.json`), 'utf8'));
    const { shards, ...preparation } = manifest;
    await rm(join(out, 'manifest.json'));
    await rm(join(out, 'validation-00000.f32'));
    await writeFiles(out, {
      'preparation.json': JSON.stringify(preparation),
      'records/train-00000.json': JSON.stringify(shards[0]),
      'records/.train-00001.json.0123456789ab.tmp': 'half of a rec',
      '.validation-00000.f32.0123456789ab.tmp': 'half of a shard',
    });
  }

  test('an error of onProgress ends it', async () => {
    const out = fresh('out');
    const onProgress = () => {
      throw new RangeError('mine');
    };
    await expect(prepareCorpus(vctk(out, { onProgress }))).rejects.toThrow('mine');
    await prepareCorpus(vctk(out));
    expect(await contents(out)).toEqual(uninterrupted);
  });

  test('a finished one has nothing left to do; what is missing or cut short is made anew', async () => {
    const out = fresh('out');
    await prepareCorpus(vctk(out));
    expect((await prepareCorpus(vctk(out))).filesDone).toBe(0);
    await rm(join(out, 'validation-00000.f32'));
    await truncate(join(out, 'train-00000.f32'), 1000);
    expect((await prepareCorpus(vctk(out))).filesDone).toBe(49);
    expect(await contents(out)).toEqual(uninterrupted);
  });

  test('the corpus may have moved', async () => {
    const out = fresh('out');
    await prepareCorpus(vctk(out));
    const moved = fresh('moved');
    await cp(folder, moved, { recursive: true });
    expect((await prepareCorpus({ ...vctk(out), folder: moved })).filesDone).toBe(0);
  });

  test('other settings, other recordings or other files in the folder are refused', async () => {
    const out = fresh('out');
    await expect(prepareCorpus(vctk(out, abortAfter(1)))).rejects.toThrow();
    await expect(prepareCorpus(vctk(out, { sampleRate: 4000 }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'sampleRate',
      message: expect.stringMatching(/8000, not 4000/),
    });
    const other = fresh('other');
    await writeCorpus('vctk', other);
    await expect(prepareCorpus({ ...vctk(out), folder: other })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'folder',
      message: expect.stringMatching(/49 in .*, now 48 in/),
    });
    const taken = fresh('taken');
    await writeFiles(taken, { 'thesis.txt': 'mine' });
    await expect(prepareCorpus(vctk(taken))).rejects.toMatchObject({
      field: 'out',
      message: expect.stringContaining('thesis.txt'),
    });
    await expect(prepareCorpus(vctk(join(taken, 'thesis.txt')))).rejects.toMatchObject({
      code: 'IO',
    });
    expect(await readFile(join(taken, 'thesis.txt'), 'utf8')).toBe('mine');
  });

  test('a folder that another process prepares is left alone', async () => {
    const out = fresh('shared');
    await expect(prepareCorpus(vctk(out, abortAfter(1)))).rejects.toThrow();
    const before = await readdir(out, { recursive: true });
    const other = occupy(out, process.ppid);
    await expect(prepareCorpus(vctk(out))).rejects.toMatchObject({
      ...{ code: 'IO', message: expect.stringContaining('is at work in this folder') },
    });
    other[Symbol.dispose]();
    expect((await readdir(out, { recursive: true })).filter((name) => name !== '.process')).toEqual(
      before,
    );
  });

  test('aborted before it begins makes nothing', async () => {
    const out = fresh('out');
    const signal = AbortSignal.abort();
    await expect(prepareCorpus(vctk(out, { signal }))).rejects.toMatchObject({ code: 'ABORTED' });
    expect(existsSync(out)).toBe(false);
  });

  const testBuilt = existsSync(workerProgram) ? test : test.skip;
  testBuilt(
    'workers give the same bytes, also after an interruption (skipped without dist/)',
    async () => {
      const out = fresh('out');
      await expect(
        prepareCorpus(vctk(out, { workers: 2, ...abortAfter(1) })),
      ).rejects.toMatchObject({ code: 'ABORTED' });
      expect(readdirSync(out).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      await prepareCorpus(vctk(out, { workers: 2 }));
      expect(await contents(out)).toEqual(uninterrupted);
    },
  );

  testBuilt('a worker that cannot write says why (skipped without dist/)', async () => {
    const out = fresh('out');
    await expect(prepareCorpus(vctk(out, abortAfter(1)))).rejects.toThrow();
    const blocked = {
      workers: 2,
      onProgress: () => rmSync(join(out, 'records'), { recursive: true, force: true }),
    };
    await expect(prepareCorpus(vctk(out, blocked))).rejects.toMatchObject({ code: 'IO' });
  });
});
