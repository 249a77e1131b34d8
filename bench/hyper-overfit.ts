import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../lib/setup/libtorch.js';
import { type OverfitTarget, overfitTargets } from '../test/train/overfit-case.js';
import type { OverfitRun } from './hyper-overfit-runs.js';
import { machine, median } from './measure.js';

const SEEDS = 20;

/** What a recording must come to, dB, to count as learned. */
const LEARNED = 15;

/** The processors that scripts/processors.mjs imitates, by name. */
function processorEnvironments(): Map<string, Record<string, string>> {
  const text = readFileSync(join(packageRoot(), 'scripts', 'processors.json'), 'utf8');
  const all: Record<string, { env: Record<string, string> }> = JSON.parse(text);
  return new Map(Object.entries(all).map(([name, { env }]) => [name, env]));
}

/**
 * Whether one batch is learned by heart, whatever the seed and the processor: the case of
 * test/train/overfit.test.ts for twenty seeds, three targets and three imitated processors, with
 * the limit on updates and without.
 *
 * @param processors some of them by name. Default: all
 */
export async function hyperOverfit({ threads }: { threads: number }, ...processors: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fewsound-overfit-'));
  try {
    const all = processorEnvironments();
    const names = [...all.keys()];
    const unknown = processors.find((name) => !all.has(name));
    if (unknown !== undefined) throw new Error(`${unknown} is not one of ${names.join(', ')}`);
    const jobs = (processors.length > 0 ? processors : names).flatMap((processor) =>
      Object.keys(overfitTargets).flatMap((target) =>
        [false, true].map((limited) => ({
          processor,
          target: target as OverfitTarget,
          limited,
        })),
      ),
    );
    const rows: object[] = [];
    const next = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        const { processor, target, limited } = job;
        const runs = await runsOf(folder, all.get(processor) ?? {}, target, limited);
        const least = runs.map(({ siSnr }) =>
          Math.min(...siSnr.map((ratio) => ratio ?? -Infinity)),
        );
        const row = {
          ...job,
          learned: least.filter((ratio) => ratio > LEARNED).length,
          seeds: runs.length,
          constant: runs.filter(({ constant }) => constant).length,
          median: Number(median(least).toFixed(1)),
          least: least.map((ratio) => (Number.isFinite(ratio) ? Number(ratio.toFixed(1)) : null)),
        };
        console.error(JSON.stringify(row));
        rows.push(row);
      }
    };
    // A process for each thread, which computes on one.
    await Promise.all(Array.from({ length: threads }, next));
    return { benchmark: 'hyper-overfit', ...machine(), rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The trainings of one process. */
async function runsOf(
  folder: string,
  environment: Record<string, string>,
  target: OverfitTarget,
  limited: boolean,
): Promise<OverfitRun[]> {
  const program = join(__dirname, 'hyper-overfit-runs.js');
  const own = await mkdtemp(join(folder, 'process-'));
  const child = spawn(process.execPath, [program, own, target, String(SEEDS), String(limited)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment, OMP_NUM_THREADS: '1' },
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const runs: OverfitRun[] = [];
  for await (const line of createInterface({ input: child.stdout })) runs.push(JSON.parse(line));
  const status = await ended;
  if (status !== 0) throw new Error(`${program} ended with status ${status}`);
  return runs;
}
