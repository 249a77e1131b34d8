import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { QUICK, writeRecording } from './recording-file';

const main = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

// The same code as lib/, compiled: only what needs a process of its own is tested here.
const describeBuilt = existsSync(main) ? describe : describe.skip;

describeBuilt('the command as a process (skipped without dist/: npm run build)', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fewsound-process-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  function start(argv: readonly string[]) {
    const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>(
      (resolve) => {
        child.on('close', (status) => resolve({ status, stdout, stderr }));
      },
    );
    return { child, ended, output: () => stdout + stderr };
  }

  test.each([
    [0, ['--help']],
    [1, ['metrics', '/absent/a.wav', '/absent/b.wav']],
    [2, ['fit', '--nonsense']],
  ])('ends with status %d', async (status, argv) => {
    expect((await start(argv).ended).status).toBe(status);
  });

  test.each([['--json'], ['--help']])(
    'a full disk behind standard output is a failure, said in a line (%s)',
    async (flag) => {
      const full = openSync('/dev/full', 'w');
      const child = spawn(process.execPath, [main, 'doctor', flag], {
        stdio: ['ignore', full, 'pipe'],
      });
      closeSync(full);
      const [said, status] = await Promise.all([
        text(child.stderr as Readable),
        new Promise((resolve) => child.on('close', resolve)),
      ]);
      expect(status).toBe(1);
      expect(said).toMatch(/^fewsound: standard output cannot be written \(ENOSPC.*\)\.\n$/);
    },
  );

  test('a reader that has seen enough is none', async () => {
    const child = spawn(process.execPath, [main, 'help', 'fit'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const [said, status] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.on('close', resolve)),
    ]);
    expect({ said, status }).toEqual({ said: '', status: 0 });
  });

  test('Ctrl-C leaves a fit that can go on, with status 130', async () => {
    const out = join(folder, 'out');
    const argv = [
      'fit',
      await writeRecording(folder),
      ...QUICK,
      '--steps',
      '1000000',
      '--out',
      out,
    ];
    const { child, ended, output } = start(argv);
    const watch = setInterval(() => {
      if (!/loss/.test(output())) return;
      clearInterval(watch);
      child.kill('SIGINT');
    }, 50);
    const { status, stderr } = await ended;
    clearInterval(watch);
    expect(status).toBe(130);
    expect(stderr).toContain(`fewsound fit --resume ${out}`);
    expect(existsSync(join(out, 'checkpoints'))).toBe(true);
  });
});
