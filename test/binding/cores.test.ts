import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCores } from '../../lib/setup/libtorch';

const platform = `${process.platform}-${process.arch}`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fewsound-cores-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function core(...place: string[]): Promise<string> {
  await mkdir(join(folder, ...place), { recursive: true });
  const path = join(folder, ...place, 'fewsound_core.so');
  await writeFile(path, '');
  return path;
}
const built = () => join(folder, 'build', 'Release', 'fewsound.node');
const packed = () => join(folder, 'prebuilds', platform, 'fewsound.node');

describe('findCores', () => {
  it('finds the cores that were packed, oldest version first', async () => {
    for (const minor of ['2.9', '2.15', '2.11'])
      await core('prebuilds', platform, `torch-${minor}`);
    expect(findCores(packed(), folder).map(({ libTorch }) => libTorch)).toEqual([
      '2.9',
      '2.11',
      '2.15',
    ]);
  });

  it('prefers what was built here, for its version alone', async () => {
    const old = await core('prebuilds', platform, 'torch-2.13');
    const newer = await core('prebuilds', platform, 'torch-2.15');
    const own = await core('build', 'Release', 'torch-2.13');
    expect(findCores(built(), folder)).toEqual([
      { libTorch: '2.13', path: own },
      { libTorch: '2.15', path: newer },
    ]);
    // Where the addon itself is the packed one, the build is not asked for.
    expect(findCores(packed(), folder)[0]?.path).toBe(old);
  });

  it('finds none where there is none, nor in folders of other names or without the file', async () => {
    expect(findCores(built(), folder)).toEqual([]);
    await core('build', 'Release');
    await core('build', 'Release', 'torch-new');
    await core('build', 'Release', 'torch-2.13.0');
    await core('prebuilds', 'elsewhere-x64', 'torch-2.13');
    await mkdir(join(folder, 'build', 'Release', 'torch-2.14'));
    expect(findCores(built(), folder)).toEqual([]);
  });
});
