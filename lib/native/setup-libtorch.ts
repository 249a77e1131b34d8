// Installs the pinned LibTorch: a virtual environment in the user's cache folder, and pip.

import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FewSoundError } from './errors.js';
import { completionMarker, findLibTorch, type LibTorch, libTorchFolder } from './libtorch.js';
import { PINNED_LIBTORCH } from './libtorch-version.js';

/** What set-up is doing. */
export interface SetupProgress {
  readonly stage: 'waiting' | 'environment' | 'download';
  /** One line for people. */
  readonly message: string;
}

export interface SetupOptions {
  onProgress?: (progress: SetupProgress) => void;
  signal?: AbortSignal;
}

/**
 * Installs LibTorch into the cache folder, unless it is there. pip follows the user's own configuration (index,
 * proxy, find-links). On a machine without an NVIDIA driver the CPU build is asked for first, which is ten times
 * smaller; where the index has none, the index's standard build is taken.
 *
 * @throws FewSoundError LIBTORCH_NOT_FOUND when Python, venv or pip is missing or pip fails, ABORTED at the signal
 */
export async function setupLibTorch(options: SetupOptions = {}): Promise<LibTorch> {
  const folder = libTorchFolder();
  mkdirSync(dirname(folder), { recursive: true });
  const release = await lock(`${folder}.lock`, options);
  try {
    if (!existsSync(completionMarker())) await install(folder, options);
  } finally {
    release();
  }
  const own = findLibTorch().chosen;
  if (own) return own;
  throw new FewSoundError(
    'LIBTORCH_NOT_FOUND',
    `LibTorch was installed into ${folder} but cannot be used from there. Remove that folder and run \`npx fewsound setup\` again.`,
  );
}

async function install(folder: string, options: SetupOptions): Promise<void> {
  // What an interrupted set-up left has no marker: begin anew. pip's own cache saves the download.
  rmSync(folder, { recursive: true, force: true });
  options.onProgress?.({
    stage: 'environment',
    message: `creating a virtual environment in ${folder}`,
  });
  const python = process.env.FEWSOUND_PYTHON ?? 'python3';
  const created = await run(python, ['-m', 'venv', folder], options);
  if (created.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new FewSoundError(
      'LIBTORCH_NOT_FOUND',
      `${python} could not create a virtual environment (${lastLine(created.output)}). Install Python 3 with venv and pip (Debian, Ubuntu: apt install python3-venv python3-pip), or set LIBTORCH to a LibTorch you have.`,
    );
  }
  const pip = join(folder, 'bin', 'pip');
  const common = ['install', '--disable-pip-version-check', '--progress-bar', 'off'];
  const attempts = hasNvidiaDriver()
    ? [[`torch==${PINNED_LIBTORCH}`]]
    : [[`torch==${PINNED_LIBTORCH}+cpu`], [`torch==${PINNED_LIBTORCH}`]];
  let output = '';
  for (const attempt of attempts) {
    options.onProgress?.({ stage: 'download', message: `pip install ${attempt.at(-1)}` });
    const result = await run(pip, [...common, ...attempt], options);
    output = result.output;
    if (result.status === 0) {
      writeFileSync(completionMarker(), `${attempt.at(-1)}\n`);
      return;
    }
  }
  rmSync(folder, { recursive: true, force: true });
  throw new FewSoundError(
    'LIBTORCH_NOT_FOUND',
    `pip could not install torch ${PINNED_LIBTORCH}: ${lastLine(output)}. Check the network and pip's configuration, or set LIBTORCH to a LibTorch you have.`,
  );
}

function hasNvidiaDriver(): boolean {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl');
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}

function run(
  command: string,
  args: string[],
  { onProgress, signal }: SetupOptions,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      env: process.env,
    });
    let output = '';
    const take = (chunk: Buffer) => {
      const text = chunk.toString();
      output += text;
      for (const line of text.split('\n')) {
        if (/^(Collecting|Downloading|Installing|Using cached)/.test(line.trim())) {
          onProgress?.({ stage: 'download', message: line.trim() });
        }
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      // What pip has started may outlive it and hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
      if (signal?.aborted) reject(aborted(signal));
      else resolve({ status: null, output: error.message });
    });
    child.on('close', (status) => resolve({ status, output }));
  });
}

function aborted(signal: AbortSignal): FewSoundError {
  return new FewSoundError(
    'ABORTED',
    'The set-up of LibTorch was stopped; run it again to go on.',
    {
      cause: signal.reason,
    },
  );
}

/** Takes the lock file; waits while another living process holds it. */
async function lock(path: string, { onProgress, signal }: SetupOptions): Promise<() => void> {
  for (let told = false; ; ) {
    if (signal?.aborted) throw aborted(signal);
    try {
      const file = openSync(path, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!ownerLives(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told)
      onProgress?.({ stage: 'waiting', message: 'another process is setting up LibTorch' });
    told = true;
    await sleep(500);
  }
}

function ownerLives(lockFile: string): boolean {
  try {
    const owner = Number(readFileSync(lockFile, 'utf8'));
    if (owner > 0) process.kill(owner, 0);
    return true;
  } catch (error) {
    // Somebody else's process answers EPERM; it lives.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** An `onProgress` that writes to stderr, for scripts. */
export function reportSetupProgress({ message }: SetupProgress): void {
  process.stderr.write(`  ${message}\n`);
}
