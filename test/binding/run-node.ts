import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireLibTorch } from '../../lib/setup/libtorch';

/** How a program ended, and what it wrote. */
export interface Ended {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs a program of the tests in a process of its own, which may crash or be left in any state. */
export function run(
  program: string,
  values: string[] = [],
  flags: string[] = [],
  environment: Record<string, string> = {},
): Promise<Ended> {
  // Random calls reach operators that make files under whatever name they are given: not in the
  // project.
  const folder = mkdtempSync(join(tmpdir(), 'fewsound-'));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, join(__dirname, program), ...values], {
      cwd: folder,
      env: { ...process.env, LIBTORCH: requireLibTorch().path, NODE_OPTIONS: '', ...environment },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      rmSync(folder, { recursive: true, force: true });
      resolve({ status, signal, stdout, stderr });
    });
  });
}
