import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  completionMarker,
  findLibTorch,
  libTorchFolder,
  requireLibTorch,
  SUPPORTED_LIBTORCH,
  TESTED_LIBTORCH,
} from '../../lib/setup/libtorch';
import { FakeMachine } from './fake-libtorch';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.create();
});
afterEach(() => machine.remove());

async function ownCopy(version: string): Promise<string> {
  const place = join(libTorchFolder(), 'lib', 'python3.11', 'site-packages', 'torch');
  await mkdir(join(place, 'lib'), { recursive: true });
  await writeFile(join(place, 'lib', 'libtorch_cpu.so'), '');
  await writeFile(
    join(place, 'version.py'),
    `__version__ = '${version}'\ncuda: Optional[str] = None\n`,
  );
  await writeFile(completionMarker(), '');
  return place;
}

describe('findLibTorch', () => {
  it('takes LIBTORCH before all others', async () => {
    const path = await machine.torch('mine', '2.13.0+cpu');
    await machine.program('python3', `echo ${await machine.torch('pythons', '2.13.0')}`);
    process.env.LIBTORCH = path;
    expect(findLibTorch(['2.13']).chosen).toEqual({
      source: 'LIBTORCH',
      path,
      version: '2.13.0+cpu',
      cuda: null,
    });
  });

  it('takes the torch of FEWSOUND_PYTHON before that of python3', async () => {
    const path = await machine.torch('named', '2.13.0+cu130', '13.0');
    await machine.program('python3', `echo ${await machine.torch('pythons', '2.13.0')}`);
    process.env.FEWSOUND_PYTHON = await machine.program('python-of-mine', `echo ${path}`);
    expect(findLibTorch(['2.13']).chosen).toMatchObject({
      source: 'FEWSOUND_PYTHON',
      path,
      cuda: '13.0',
    });
  });

  it('takes the torch of python3 before our own copy', async () => {
    await ownCopy('2.13.0+cpu');
    const path = await machine.torch('pythons', '2.13.1');
    await machine.program('python3', `echo ${path}`);
    expect(findLibTorch(['2.13']).chosen).toMatchObject({
      source: 'python3',
      path,
      version: '2.13.1',
    });
  });

  it("passes over python3's torch of another version, and says why", async () => {
    const own = await ownCopy('2.13.0+cpu');
    await machine.program('python3', `echo ${await machine.torch('pythons', '2.5.1')}`);
    const { chosen, candidates } = findLibTorch(['2.13']);
    expect(chosen).toMatchObject({ source: 'fewsound setup', path: own });
    expect(candidates).toEqual([
      expect.objectContaining({
        source: 'python3',
        version: '2.5.1',
        usable: false,
        reason: expect.stringMatching(/2\.5\.1.*works with 2\.13$/),
      }),
      expect.objectContaining({ source: 'fewsound setup', usable: true }),
    ]);
  });

  it('takes no copy whose installation did not end', async () => {
    await ownCopy('2.13.0+cpu');
    const { rm } = await import('node:fs/promises');
    await rm(completionMarker());
    expect(findLibTorch().chosen).toBeNull();
  });

  it.each(TESTED_LIBTORCH)(
    'takes %s, of whatever patch and build, where nothing was built yet',
    async (version) => {
      process.env.LIBTORCH = await machine.torch('mine', version);
      expect(findLibTorch().chosen).toMatchObject({ version });
      const [minor] = SUPPORTED_LIBTORCH.filter((each) => version.startsWith(`${each}.`));
      process.env.LIBTORCH = await machine.torch('patched', `${minor}.99+cu999`);
      expect(findLibTorch().chosen).toMatchObject({ version: `${minor}.99+cu999` });
    },
  );

  it.each(['2.4.0', '2.10.0', '2.16.0', '2.150.0', '3.0.0', '2.1'])(
    'takes no %s',
    async (version) => {
      process.env.LIBTORCH = await machine.torch('mine', version);
      expect(findLibTorch()).toMatchObject({
        chosen: null,
        candidates: [
          { version, usable: false, reason: expect.stringContaining('does not know it') },
        ],
      });
    },
  );

  it("takes the first that there is a core for, of python3's torch and our own copy", async () => {
    const own = await ownCopy('2.13.0+cpu');
    const pythons = await machine.torch('pythons', '2.15.0+cu132', '13.2');
    await machine.program('python3', `echo ${pythons}`);
    expect(findLibTorch(['2.13', '2.15']).chosen).toMatchObject({ path: pythons, cuda: '13.2' });
    expect(findLibTorch(['2.15']).chosen).toMatchObject({ path: pythons });
    const { chosen, candidates } = findLibTorch(['2.12', '2.13']);
    expect(chosen).toMatchObject({ source: 'fewsound setup', path: own });
    expect(candidates[0]).toMatchObject({
      version: '2.15.0+cu132',
      usable: false,
      reason: expect.stringMatching(/not built for it here: it works with 2\.12, 2\.13$/),
    });
    expect(findLibTorch(['2.11', '2.12']).chosen).toBeNull();
  });

  it('reads the version of a LibTorch without Python', async () => {
    const path = join(machine.folder, 'plain');
    await mkdir(join(path, 'lib'), { recursive: true });
    await writeFile(join(path, 'lib', 'libtorch_cpu.so'), '');
    await writeFile(join(path, 'build-version'), '2.13.0+cu126\n');
    process.env.LIBTORCH = path;
    expect(findLibTorch().chosen).toMatchObject({ version: '2.13.0+cu126', cuda: '12.6' });
  });
});

describe('requireLibTorch', () => {
  it('says where it looked and what to do when there is none', () => {
    expect(() => requireLibTorch(['2.13'])).toThrow(
      expect.objectContaining({
        code: 'LIBTORCH_NOT_FOUND',
        message: expect.stringMatching(
          /fewsound setup.*LIBTORCH.*\n {2}python3: python3 cannot be run\n {2}fewsound setup: not installed/s,
        ),
      }),
    );
  });

  it('names the versions that work where all that were found are unknown', async () => {
    const newer = await machine.torch('newer', '2.99.0');
    await machine.program('python3', `echo ${newer}`);
    expect(() => requireLibTorch()).toThrow(
      expect.objectContaining({
        code: 'LIBTORCH_NOT_FOUND',
        message: expect.stringMatching(
          /python3: it is 2\.99\.0.*2\.11, 2\.12, 2\.13, 2\.14, 2\.15/,
        ),
      }),
    );
    process.env.LIBTORCH = newer;
    expect(() => requireLibTorch()).toThrow(
      expect.objectContaining({
        code: 'LIBTORCH_VERSION',
        field: 'LIBTORCH',
        message: expect.stringMatching(/^(?!.*build-native).*2\.11, 2\.12, 2\.13, 2\.14, 2\.15/s),
      }),
    );
  });

  it('says how to build for a version that could be used', async () => {
    const pythons = await machine.torch('pythons', '2.14.1');
    await machine.program('python3', `echo ${pythons}`);
    const how = expect.stringMatching(/To use 2\.14\.1.*build-native\.mjs/);
    expect(() => requireLibTorch(['2.13'])).toThrow(
      expect.objectContaining({ code: 'LIBTORCH_NOT_FOUND', message: how }),
    );
    process.env.LIBTORCH = pythons;
    expect(() => requireLibTorch(['2.13'])).toThrow(
      expect.objectContaining({ code: 'LIBTORCH_VERSION', message: how }),
    );
  });

  it.each<[string, () => Promise<void>, string, RegExp]>([
    [
      'LIBTORCH of another version',
      async () => {
        process.env.LIBTORCH = await machine.torch('old', '2.4.0');
      },
      'LIBTORCH_VERSION',
      /LIBTORCH .*2\.4\.0.*works with 2\.13\./,
    ],
    [
      'LIBTORCH that leads nowhere',
      async () => {
        process.env.LIBTORCH = '/nowhere';
      },
      'LIBTORCH_NOT_FOUND',
      /\/nowhere holds no lib\/libtorch_cpu\.so/,
    ],
    [
      'FEWSOUND_PYTHON without torch',
      async () => {
        process.env.FEWSOUND_PYTHON = await machine.program('bare-python', 'echo');
      },
      'LIBTORCH_NOT_FOUND',
      /bare-python has no torch/,
    ],
    [
      'FEWSOUND_PYTHON that is no program',
      async () => {
        process.env.FEWSOUND_PYTHON = '/nowhere/python';
      },
      'LIBTORCH_NOT_FOUND',
      /\/nowhere\/python cannot be run/,
    ],
  ])('never passes over what was asked for: %s', async (_, ask, code, message) => {
    await ownCopy('2.13.0+cpu');
    await ask();
    expect(() => requireLibTorch(['2.13'])).toThrow(expect.objectContaining({ code }));
    expect(() => requireLibTorch(['2.13'])).toThrow(message);
  });
});
