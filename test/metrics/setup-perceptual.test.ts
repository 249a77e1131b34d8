import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isCdpamSetUp, isPesqSetUp, setupCdpam, setupPesq } from '../../lib/metrics';
import { pesqLibraryPath } from '../../lib/metrics/pesq/pesq-package';
import { FakeMachine } from '../binding/fake-libtorch';

let machine: FakeMachine;
const log = () => join(machine.folder, 'pip.log');
const { CC } = process.env;

/**
 * A python3 with venv, whose pip does what `pip` says; $destination is where downloads belong,
 * $unpacked files.
 */
async function python(pip: string, unpack: string): Promise<void> {
  const own = await machine.program(
    'python-of-the-test',
    `for last; do :; done
case "$2" in
  pip) echo "$@" >> ${log()}; destination=$(echo "$@" | sed 's/.*--dest \\([^ ]*\\).*/\\1/'); ${pip};;
  *) unpacked=$last; ${unpack};;
esac`,
  );
  await machine.program(
    'python3',
    `[ "$2" = venv ] || exit 1\nmkdir -p "$3/bin"\ncp ${own} "$3/bin/python3"`,
  );
}

const download = 'mkdir -p "$destination"; touch "$destination/archive"';
const sources = 'mkdir -p "$unpacked/pesq-0.0.4/pesq"; touch "$unpacked/pesq-0.0.4/LICENSE"';

beforeEach(async () => {
  machine = await FakeMachine.create();
  process.env.CC = await machine.program(
    'cc-of-the-test',
    'while [ "$1" != -o ]; do shift; done; touch "$2"',
  );
});
afterEach(async () => {
  await machine.remove();
  if (CC === undefined) delete process.env.CC;
  else process.env.CC = CC;
});

/** What is in the cache, but for the folder of a work that goes on. */
const cached = async () => {
  const folder = join(machine.folder, 'cache', 'fewsound');
  return existsSync(folder) ? readdir(folder) : [];
};

describe('setupPesq', () => {
  it('fetches the pinned source distribution by its digest, compiles it and keeps its notice', async () => {
    await python(download, sources);
    expect(isPesqSetUp()).toBe(false);
    expect(await setupPesq()).toEqual({ installed: true, path: pesqLibraryPath() });
    expect(isPesqSetUp()).toBe(true);
    expect(existsSync(join(dirname(pesqLibraryPath()), 'LICENSE'))).toBe(true);
    expect(await readFile(log(), 'utf8')).toMatch(
      /^-m pip download --no-deps --require-hashes .*--no-binary pesq /,
    );
    expect(await cached()).toEqual(['pesq-0.0.4']);
  });

  it('does nothing the second time, and all of it when it is forced', async () => {
    await python(download, sources);
    await setupPesq();
    expect((await setupPesq()).installed).toBe(false);
    expect((await setupPesq({ force: true })).installed).toBe(true);
    expect((await readFile(log(), 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('leaves nothing behind where pip refuses, and passes on its last words', async () => {
    await python('echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1', sources);
    await expect(setupPesq()).rejects.toMatchObject({
      code: 'NOT_SET_UP',
      message: expect.stringMatching(/DO NOT MATCH THE HASHES/),
    });
    expect(await cached()).toEqual([]);
  });

  it('leaves nothing behind where the compiler fails, and says what to install', async () => {
    await python(download, sources);
    process.env.CC = await machine.program('cc-that-fails', 'echo "x.c:1: error: no"; exit 1');
    await expect(setupPesq()).rejects.toThrow(/error: no.*apt install gcc/);
    process.env.CC = '/nowhere/cc';
    await expect(setupPesq()).rejects.toMatchObject({ code: 'NOT_SET_UP' });
    expect(await cached()).toEqual([]);
  });

  it('says what to install where Python or venv is missing', async () => {
    await expect(setupPesq()).rejects.toThrow(/apt install python3-venv python3-pip/);
  });

  it('stops at the signal', async () => {
    await python('exec sleep 30', sources);
    await expect(setupPesq({ signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(await cached()).toEqual([]);
  });
});

describe('setupCdpam', () => {
  it('takes no checkpoint that is none, and leaves nothing behind', async () => {
    await python(
      download,
      'mkdir -p "$unpacked/cdpam/CDPAM_trained"; echo "cos system" > "$unpacked/cdpam/CDPAM_trained/scratchJNDdefault_best_model.pth"',
    );
    await expect(setupCdpam()).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    expect(isCdpamSetUp()).toBe(false);
    expect(await cached()).toEqual([]);
  });
});
