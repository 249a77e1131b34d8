import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, cliJson } from './run-cli';

interface DoctorJson {
  readonly usable: boolean;
  readonly checks: { name: string; state: string; found: string; remedy?: string }[];
  readonly libtorch: {
    chosen: { source: string; version: string } | null;
    candidates: { source: string; reason: string }[];
  };
}

describe('fewsound doctor', () => {
  test('finds this machine usable and says which LibTorch it chose and why', async () => {
    const { status, json } = await cliJson<DoctorJson>(['doctor']);
    expect(json.checks.filter(({ state }) => state === 'problem')).toEqual([]);
    expect({ status, usable: json.usable }).toEqual({ status: 0, usable: true });
    expect(json.checks.map(({ name }) => name)).toEqual([
      ...['Node.js', 'Platform', 'CPU', 'LibTorch', 'Addon', 'CUDA'],
      ...['PESQ', 'CDPAM', 'Python', 'C++ compiler', 'CMake', 'Ninja'],
    ]);
    expect(json.libtorch.chosen?.version).toMatch(/^2\./);
    expect(json.libtorch.candidates.at(-1)?.source).toBe(json.libtorch.chosen?.source);
  });

  test('takes an empty variable of the environment for none', async () => {
    const names = ['CXX', 'FEWSOUND_PYTHON'] as const;
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = '';
    try {
      expect((await cliJson<DoctorJson>(['doctor'])).json.usable).toBe(true);
    } finally {
      for (const [index, name] of names.entries()) {
        if (before[index] === undefined) delete process.env[name];
        else process.env[name] = before[index];
      }
    }
  });

  describe('without LibTorch', () => {
    const before = process.env.LIBTORCH;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fewsound-doctor-'));
      process.env.LIBTORCH = folder;
    });
    afterAll(async () => {
      if (before === undefined) delete process.env.LIBTORCH;
      else process.env.LIBTORCH = before;
      await rm(folder, { recursive: true });
    });

    test('ends with status 1 and says what to do', async () => {
      const { status, json } = await cliJson<DoctorJson>(['doctor']);
      expect({ status, usable: json.usable, chosen: json.libtorch.chosen }).toEqual({
        status: 1,
        usable: false,
        chosen: null,
      });
      const libtorch = json.checks.find(({ name }) => name === 'LibTorch');
      expect(libtorch).toMatchObject({
        state: 'problem',
        remedy: expect.stringContaining('fewsound setup'),
      });
      expect(json.libtorch.candidates[0]).toMatchObject({
        source: 'LIBTORCH',
        reason: expect.stringContaining(folder),
      });
    });

    test('tells people the same', async () => {
      const { status, stdout } = await cli(['doctor']);
      expect(status).toBe(1);
      expect(stdout).toMatch(/✗ LibTorch .*none that can be used/);
      expect(stdout).toContain('fewsound cannot be used yet');
    });
  });
});

test('fewsound setup does nothing where there is a LibTorch', async () => {
  const { status, json } = await cliJson(['setup']);
  expect(status).toBe(0);
  expect(json).toMatchObject({
    installed: false,
    libtorch: { version: expect.stringMatching(/^2\./) },
  });
});
