import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readMetricsLog, runFiles } from '../../lib/train';
import { freePort } from '../train/ranks';
import { lossesOf } from '../train/tiny-training';
import { TINY_MODEL, TINY_TRAINING, TrainingPlace } from './tiny-training';

const main = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const describeBuilt = existsSync(main) ? describe : describe.skip;

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describeBuilt('fewsound train as processes (skipped without dist/: npm run build)', () => {
  let place: TrainingPlace;
  beforeAll(async () => {
    place = await TrainingPlace.make();
  });
  afterAll(() => place.remove());

  function start(argv: readonly string[], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, [main, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...environment },
    });
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk) => {
        written[name] += chunk;
      });
    }
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (status) => resolve({ status, ...written }));
    });
    return { child, ended };
  }

  /** Starts two as torchrun does. */
  async function startTwo(argv: readonly string[]) {
    const port = String(await freePort());
    return [0, 1].map((rank) =>
      start(argv, {
        RANK: String(rank),
        LOCAL_RANK: String(rank),
        WORLD_SIZE: '2',
        MASTER_ADDR: '127.0.0.1',
        MASTER_PORT: port,
      }),
    );
  }

  /** Calls back when a training has a checkpoint. */
  function whenSaved(out: string, callback: () => void): void {
    const watch = setInterval(() => {
      if (!existsSync(runFiles(out).last)) return;
      clearInterval(watch);
      callback();
    }, 20);
  }

  const long = { training: { ...TINY_TRAINING, epochs: 100_000, validateEvery: 1000 } };

  test('two share the work of one, and the first speaks for both', async () => {
    const [together, alone] = [place.fresh(), place.fresh()];
    // In float64, where no rounding grows in the course of a training.
    const model = { ...TINY_MODEL, dtype: 'float64' };
    const half = { model, training: { ...TINY_TRAINING, batchSize: 2 } };
    const argv = [...(await place.argv(together, half)), '--json'];
    const [first, second] = await Promise.all((await startTwo(argv)).map(({ ended }) => ended));
    // Segments of 40 ms are too short for STOI, which Node says in each process.
    const others = second?.stderr.replace(/^\(.*(FewSoundWarning|trace-warnings).*\n/gm, '');
    expect({ ...second, stderr: others }).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(first?.status).toBe(0);
    const result = JSON.parse(first?.stdout ?? '');
    expect(result).toMatchObject({ run: together, steps: 16, processes: 2, device: 'cpu' });
    await start(await place.argv(alone, { model })).ended;
    const losses = async (out: string) =>
      lossesOf(await readMetricsLog(runFiles(out).metrics)) as number[];
    const expected = await losses(alone);
    for (const [i, loss] of (await losses(together)).entries()) {
      expect(loss).toBeCloseTo(expected[i] as number, 9);
    }
  });

  test('one that is gone ends the other with status 1 and how to go on', async () => {
    const out = place.fresh();
    const ranks = await startTwo([...(await place.argv(out, long)), '--quiet']);
    whenSaved(out, () => ranks[1]?.child.kill('SIGKILL'));
    const first = await ranks[0]?.ended;
    expect(first?.status).toBe(1);
    expect(first?.stdout).toBe('');
    expect(first?.stderr).toMatch(/^fewsound: process 0 of 2: /);
    expect(first?.stderr).toContain(`fewsound train --resume ${out}`);
  });

  test('each says what is wrong with it, and only the first on standard output', async () => {
    const argv = ['train', join(place.folder, 'absent.json'), '--json'];
    const [first, second] = await Promise.all((await startTwo(argv)).map(({ ended }) => ended));
    expect(JSON.parse(first?.stdout ?? '').error.message).toContain('process 0 of 2');
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second?.stderr).toContain('process 1 of 2');
  });

  test('Ctrl-C leaves a run that can go on, with status 130, and killing one too', async () => {
    const out = place.fresh();
    const stopped = start(await place.argv(out, long));
    whenSaved(out, () => stopped.child.kill('SIGINT'));
    const { status, stderr } = await stopped.ended;
    expect(status).toBe(130);
    expect(stderr).toContain(`fewsound train --resume ${out}`);
    expect(existsSync(runFiles(out).report)).toBe(true);

    const before = await readMetricsLog(runFiles(out).metrics);
    const killed = start(['train', '--resume', out, '--device', 'cpu']);
    await rm(runFiles(out).report);
    setTimeout(() => killed.child.kill('SIGKILL'), 3000);
    await killed.ended;
    const again = start(['train', '--resume', out, '--device', 'cpu', '--quiet']);
    setTimeout(() => again.child.kill('SIGINT'), 3000);
    expect((await again.ended).status).toBe(130);
    const after = await readMetricsLog(runFiles(out).metrics);
    expect(after.length).toBeGreaterThan(before.length);
    const steps = after.filter(({ kind }) => kind === 'step').map(({ step }) => step);
    expect(steps).toEqual(steps.map((_, i) => i + 1));
  });
});
