import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  completionMarker,
  findLibTorch,
  libTorchFolder,
  requireLibTorch,
} from '../../lib/native/libtorch';
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
    expect(findLibTorch('2.13.0').chosen).toEqual({
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
    expect(findLibTorch('2.13.0').chosen).toMatchObject({
      source: 'FEWSOUND_PYTHON',
      path,
      cuda: '13.0',
    });
  });

  it('takes the torch of python3 before our own copy', async () => {
    await ownCopy('2.13.0+cpu');
    const path = await machine.torch('pythons', '2.13.1');
    await machine.program('python3', `echo ${path}`);
    expect(findLibTorch('2.13.0').chosen).toMatchObject({
      source: 'python3',
      path,
      version: '2.13.1',
    });
  });

  it("passes over python3's torch of another version, and says why", async () => {
    const own = await ownCopy('2.13.0+cpu');
    await machine.program('python3', `echo ${await machine.torch('pythons', '2.5.1')}`);
    const { chosen, candidates } = findLibTorch('2.13.0');
    expect(chosen).toMatchObject({ source: 'fewsound setup', path: own });
    expect(candidates).toEqual([
      expect.objectContaining({
        source: 'python3',
        version: '2.5.1',
        usable: false,
        reason: expect.stringMatching(/2\.5\.1.*built for 2\.13\.0/),
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

  it('takes any supported version where nothing was built yet', async () => {
    process.env.LIBTORCH = await machine.torch('older', '2.11.0');
    expect(findLibTorch().chosen).toMatchObject({ version: '2.11.0' });
    expect(findLibTorch('2.13.0').chosen).toBeNull();
    process.env.LIBTORCH = await machine.torch('oldest', '2.4.0');
    expect(findLibTorch().chosen).toBeNull();
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
    expect(() => requireLibTorch('2.13.0')).toThrow(
      expect.objectContaining({
        code: 'LIBTORCH_NOT_FOUND',
        message: expect.stringMatching(
          /fewsound setup.*LIBTORCH.*\n {2}python3: python3 cannot be run\n {2}fewsound setup: not installed/s,
        ),
      }),
    );
  });

  it.each<[string, () => Promise<void>, string, RegExp]>([
    [
      'LIBTORCH of another version',
      async () => {
        process.env.LIBTORCH = await machine.torch('old', '2.4.0');
      },
      'LIBTORCH_VERSION',
      /LIBTORCH .*2\.4\.0.*built for 2\.13\.0/,
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
    expect(() => requireLibTorch('2.13.0')).toThrow(expect.objectContaining({ code }));
    expect(() => requireLibTorch('2.13.0')).toThrow(message);
  });
});
