import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { requireLibTorch } from '../../lib/setup/libtorch';

/** A process of a group. */
export interface Rank {
  readonly child: ChildProcess;
  /** Resolves when it has written a line. */
  readonly speaks: Promise<void>;
  /** How it ended, and the lines it wrote. */
  readonly ended: Promise<{ status: number | null; lines: unknown[]; stderr: string }>;
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Starts a program of rank.cjs as one rank of a group. */
export function startRank(
  program: string,
  rank: number,
  size: number,
  port: number,
  environment: Record<string, string> = {},
): Rank {
  const child = spawn(process.execPath, [join(__dirname, 'rank.cjs'), program], {
    env: {
      ...process.env,
      LIBTORCH: requireLibTorch().path,
      NODE_OPTIONS: '',
      RANK: String(rank),
      WORLD_SIZE: String(size),
      MASTER_PORT: String(port),
      ...environment,
    },
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const speaks = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      resolve();
    });
  });
  const ended = new Promise<Awaited<Rank['ended']>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const lines = stdout.split('\n').filter((line) => line !== '');
      resolve({ status, lines: lines.map((line) => JSON.parse(line)), stderr });
    });
  });
  return { child, speaks, ended };
}

/** Starts a program as every rank of a group. */
export async function startRanks(
  program: string,
  size: number,
  environment: Record<string, string> = {},
): Promise<Rank[]> {
  const port = await freePort();
  return Array.from({ length: size }, (_, rank) =>
    startRank(program, rank, size, port, environment),
  );
}
