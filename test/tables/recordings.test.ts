import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  chooseRecordings,
  clipOf,
  loadTableClip,
  type TableRecording,
} from '../../lib/tables/recordings';
import { writeRecording } from '../cli/recording-file';
import { RATE, writeCorpus } from '../data/made-up-corpus';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-recordings-'));
  // Every third recording is too short for what is asked for below.
  await writeCorpus('vctk', join(folder, 'vctk'), (index) => (index % 3 === 0 ? RATE / 2 : RATE));
});
afterAll(() => rm(folder, { recursive: true }));

/** Samples at 22,050 Hz of a recording that is long enough, and not of one of half its length. */
const LONG = 20_000;
const vctk = (seed: number, limit?: number) =>
  chooseRecordings({
    ...{ kind: 'vctk', folder: join(folder, 'vctk'), perGroup: 1, samples: LONG },
    ...{ seed, limit },
  });

describe('chooseRecordings', () => {
  test('takes one recording of each speaker, long enough, by its seed', async () => {
    const { recordings } = await vctk(0);
    const speakers = recordings.map(({ name }) => name.split('/')[1]);
    expect(new Set(speakers).size).toBe(12);
    expect(speakers).toHaveLength(12);
    for (const { length } of recordings) expect(length).toBeGreaterThanOrEqual(LONG);
    const names = (chosen: Awaited<ReturnType<typeof vctk>>) =>
      chosen.recordings.map(({ name }) => name);
    expect(names(await vctk(0))).toEqual(
      names({ recordings, short: [], unreadable: [], leftOut: [] }),
    );
    expect(names(await vctk(1))).not.toEqual(names(await vctk(0)));
    expect(names(await vctk(0, 3))).toEqual(names(await vctk(0)).slice(0, 3));
  });

  test('takes all of a folder by name, and says which are too short', async () => {
    const clips = join(folder, 'clips');
    await mkdir(join(clips, 'more'), { recursive: true });
    await writeRecording(clips, 'b.wav', RATE);
    await copyFile(join(clips, 'b.wav'), join(clips, 'more', 'a.wav'));
    await writeRecording(clips, 'short.wav', 100);
    const { recordings, short } = await chooseRecordings({
      ...{ kind: 'folder', folder: clips, perGroup: undefined, limit: undefined },
      ...{ seed: 0, samples: LONG },
    });
    expect(recordings.map(({ name }) => name)).toEqual(['b.wav', 'more/a.wav']);
    expect(short).toEqual(['short.wav']);

    // What is learned has as many samples as the table says, at its rate.
    const clip = clipOf(recordings[0] as (typeof recordings)[number], LONG, 0);
    expect(await loadTableClip(clip)).toMatchObject({ length: LONG, sampleRate: 22_050 });
    // The stretch belongs to the sound, not to its name.
    expect(clipOf(recordings[1] as (typeof recordings)[number], LONG, 0).start).toBe(clip.start);
  });

  test('takes the only recording of a folder', async () => {
    const only = join(folder, 'only');
    await mkdir(only);
    await writeRecording(only, 'a.wav', RATE);
    const { recordings } = await chooseRecordings({
      ...{ kind: 'folder', folder: only, perGroup: undefined, limit: undefined },
      ...{ seed: 0, samples: LONG },
    });
    expect(recordings.map(({ name }) => name)).toEqual(['a.wav']);
  });

  test('passes over what cannot be read, and takes another in its place', async () => {
    const gtzan = join(folder, 'gtzan');
    await writeCorpus('gtzan', gtzan);
    const choose = () =>
      chooseRecordings({
        ...{ kind: 'gtzan', folder: gtzan, perGroup: 3, limit: undefined, seed: 0, samples: LONG },
      });
    const [first] = (await choose()).recordings as [TableRecording];
    await writeFile(first.path, 'not audio');
    const { recordings, short, unreadable } = await choose();
    expect(recordings).toHaveLength(6);
    expect(recordings.map(({ name }) => name)).not.toContain(first.name);
    expect(short).toEqual([]);
    expect(unreadable).toEqual([
      { name: first.name, message: expect.stringContaining('not audio') },
    ]);
  });

  test('says why where nothing can be read', async () => {
    const damaged = join(folder, 'damaged');
    await mkdir(damaged);
    for (const name of ['a.wav', 'b.wav']) await writeFile(join(damaged, name), 'not audio');
    const choice = chooseRecordings({
      ...{ kind: 'folder', folder: damaged, perGroup: undefined, limit: undefined },
      ...{ seed: 0, samples: LONG },
    });
    await expect(choice).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('a.wav: it is '),
    });
  });

  test('refuses a folder without a recording that is long enough', async () => {
    const choice = chooseRecordings({
      ...{ kind: 'folder', folder: join(folder, 'clips'), perGroup: undefined, limit: undefined },
      ...{ seed: 0, samples: 1_000_000 },
    });
    await expect(choice).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'clips' });
  });
});
