import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setupLibTorch } from '../../lib/setup/install';
import { completionMarker, findLibTorch, libTorchFolder } from '../../lib/setup/libtorch';
import { FakeMachine } from './fake-libtorch';

let machine: FakeMachine;
const log = () => join(machine.folder, 'pip.log');

/** A python3 that has venv, and whose pip does what `pip` says; $torch is where torch belongs. */
async function python(pip: string): Promise<void> {
  const source = await machine.program(
    'pip-of-the-test',
    `echo "$@" >> ${log()}\ntorch=$(dirname "$0")/../lib/python3.11/site-packages/torch\n${pip}`,
  );
  await machine.program(
    'python3',
    `[ "$2" = venv ] || exit 1\nmkdir -p "$3/bin" "$3/lib/python3.11/site-packages"\ncp ${source} "$3/bin/pip"`,
  );
}
const install = `mkdir -p "$torch/lib"; touch "$torch/lib/libtorch_cpu.so"
printf "__version__ = '2.13.0+cpu'\\ncuda: Optional[str] = None\\n" > "$torch/version.py"`;

beforeEach(async () => {
  machine = await FakeMachine.create();
});
afterEach(() => machine.remove());

describe('setupLibTorch', () => {
  it('installs the pinned version into the cache folder and reports what it does', async () => {
    await python(`echo "Collecting torch"; ${install}`);
    const messages: string[] = [];
    const found = await setupLibTorch({ onProgress: ({ message }) => messages.push(message) });
    expect(found).toMatchObject({ source: 'fewsound setup', version: '2.13.0+cpu' });
    expect(found.path.startsWith(libTorchFolder())).toBe(true);
    expect(await readFile(log(), 'utf8')).toMatch(/^install .*torch==2\.13\.0/);
    expect(messages).toEqual(
      expect.arrayContaining([expect.stringMatching(/virtual environment/), 'Collecting torch']),
    );
  });

  it('gives the copy that it installed where another is found before it', async () => {
    await python(install);
    process.env.LIBTORCH = await machine.torch('mine', '2.15.0');
    await expect(setupLibTorch()).resolves.toMatchObject({
      source: 'fewsound setup',
      version: '2.13.0+cpu',
    });
    process.env.LIBTORCH = await machine.torch('unknown', '2.99.0');
    await expect(setupLibTorch()).resolves.toMatchObject({ version: '2.13.0+cpu' });
  });

  it('does nothing the second time', async () => {
    await python(install);
    await setupLibTorch();
    const before = await readFile(log(), 'utf8');
    await setupLibTorch();
    expect(await readFile(log(), 'utf8')).toBe(before);
  });

  it('takes the standard build where there is no CPU build', async () => {
    await python(
      `case "$*" in *+cpu*) echo "ERROR: no such version" >&2; exit 1;; esac; ${install}`,
    );
    await setupLibTorch();
    const asked = (await readFile(log(), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(' ').at(-1));
    expect(asked.at(-1)).toBe('torch==2.13.0');
  });

  it('installs once when two processes ask at the same time', async () => {
    await python(`sleep 0.3; ${install}`);
    await Promise.all([setupLibTorch(), setupLibTorch(), setupLibTorch()]);
    expect((await readFile(log(), 'utf8')).trim().split('\n')).toHaveLength(1);
  });

  it('begins anew after a set-up that did not end', async () => {
    await python('exit 1');
    await expect(setupLibTorch()).rejects.toMatchObject({ code: 'LIBTORCH_NOT_FOUND' });
    expect(existsSync(completionMarker())).toBe(false);
    expect(findLibTorch().chosen).toBeNull();
    await python(install);
    await expect(setupLibTorch()).resolves.toMatchObject({ version: '2.13.0+cpu' });
  });

  it('says what to install where Python or venv is missing', async () => {
    await expect(setupLibTorch()).rejects.toThrow(/apt install python3-venv python3-pip/);
    process.env.FEWSOUND_PYTHON = '/nowhere/python';
    await expect(setupLibTorch()).rejects.toThrow(/\/nowhere\/python could not create/);
  });

  it("passes on pip's last words", async () => {
    await python('echo "ERROR: No matching distribution found" >&2; exit 1');
    await expect(setupLibTorch()).rejects.toThrow(/No matching distribution found/);
  });

  it('stops at the signal', async () => {
    await python('exec sleep 30');
    const signal = AbortSignal.timeout(300);
    await expect(setupLibTorch({ signal })).rejects.toMatchObject({
      name: 'AbortError',
      code: 'ABORTED',
    });
    expect(existsSync(completionMarker())).toBe(false);
  });
});
