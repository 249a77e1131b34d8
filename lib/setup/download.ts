import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, FewSoundError, throwIfAborted } from '../errors.js';
import { makeFolder } from '../files.js';
import { processLives, processName } from '../folder-lock.js';
import { cacheFolder } from './libtorch.js';

// Running other programs for a set-up, and telling what they do.
/** What set-up is doing. */
export interface SetupProgress {
  readonly stage: 'waiting' | 'environment' | 'download' | 'build';
  /** One line for people. */
  readonly message: string;
}

export interface SetupOptions {
  onProgress?: (progress: SetupProgress) => void;
  signal?: AbortSignal;
}

/** How a program ended; no status where it could not be started, or was killed. */
export interface CommandOutcome {
  readonly status: number | null;
  readonly output: string;
}

/**
 * Runs a program to its end; what pip says of its steps is reported.
 *
 * @throws FewSoundError ABORTED at the signal
 */
export function runForSetup(
  command: string,
  args: readonly string[],
  { onProgress, signal }: SetupOptions,
): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal, ABORTED));
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
      if (signal?.aborted) reject(abortError(signal, ABORTED));
      else resolve({ status: null, output: error.message });
    });
    child.on('close', (status) => resolve({ status, output }));
  });
}

/**
 * Creates a virtual environment with the Python named by `FEWSOUND_PYTHON`, else `python3`.
 *
 * @returns what went wrong and what to do about it, or null
 * @throws FewSoundError ABORTED at the signal
 */
export async function createEnvironment(
  folder: string,
  options: SetupOptions,
): Promise<string | null> {
  const python = process.env.FEWSOUND_PYTHON || 'python3';
  const { status, output } = await runForSetup(python, ['-m', 'venv', folder], options);
  if (status === 0) return null;
  return `${python} could not create a virtual environment (${lastLine(output)}). Install Python 3 with venv and pip (Debian, Ubuntu: apt install python3-venv python3-pip)`;
}

/** A program's last words. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}

const ABORTED = 'The set-up was stopped; run it again to go on.';

// Keeps two set-ups of one thing apart.
/**
 * Takes the lock file; waits while another living process holds it.
 *
 * @returns what gives it back
 * @throws FewSoundError ABORTED at the signal
 */
export async function lockForSetup(
  path: string,
  { onProgress, signal }: SetupOptions,
): Promise<() => void> {
  for (let told = false; ; ) {
    throwIfAborted(signal, ABORTED);
    try {
      const file = openSync(path, 'wx');
      writeFileSync(file, processName(process.pid) as string);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!ownerLives(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) onProgress?.({ stage: 'waiting', message: 'another process is setting it up' });
    told = true;
    await sleep(500);
  }
}

function ownerLives(lockFile: string): boolean {
  try {
    const owner = readFileSync(lockFile, 'utf8');
    // It may not have written its name yet.
    return owner === '' || processLives(owner);
  } catch {
    return true;
  }
}

// Fetches one file of a Python package with pip, checked by its digest, into a folder that appears
// whole or not at all.
/** A file of a Python package index, pinned. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly kind: 'sdist' | 'wheel';
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
}

/** The folder in the user's cache for what a package is set up to, whether or not it is there. */
export function packageFolder({ name, version }: PinnedPackage): string {
  return join(cacheFolder(), `${name}-${version}`);
}

/**
 * Sets up what a package brings, unless it is there: pip fetches the file, `make` turns its content
 * into files of a new folder, and that folder takes its place when all is done. pip follows the
 * user's own configuration (index, proxy, find-links) and compares the digest before it looks into
 * the file.
 *
 * @param make gets the unpacked package and the folder to fill
 * @returns whether there was anything to do
 * @throws FewSoundError NOT_SET_UP when Python, venv or pip is missing or pip fails, ABORTED at the
 *   signal; what `make` throws
 */
export async function setUpPackage(
  wanted: PinnedPackage,
  make: (unpacked: string, folder: string) => Promise<void>,
  { force = false, ...options }: SetupOptions & { force?: boolean } = {},
): Promise<boolean> {
  const folder = packageFolder(wanted);
  await makeFolder(dirname(folder));
  const release = await lockForSetup(`${folder}.lock`, options);
  let work: string | undefined;
  try {
    if (existsSync(folder) && !force) return false;
    work = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
    const unpacked = await fetchPackage(wanted, work, options);
    const made = join(work, 'made');
    await mkdir(made);
    await make(unpacked, made);
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
    return true;
  } finally {
    if (work !== undefined) await rm(work, { recursive: true, force: true });
    release();
  }
}

async function fetchPackage(
  { name, version, kind, digest }: PinnedPackage,
  work: string,
  options: SetupOptions,
): Promise<string> {
  const say = (stage: 'environment' | 'download', message: string) =>
    options.onProgress?.({ stage, message });
  const environment = join(work, 'python');
  say('environment', 'creating a virtual environment for pip');
  const problem = await createEnvironment(environment, options);
  if (problem !== null) throw failed(`${problem}.`);
  // In a file: pip takes digests from nowhere else.
  const requirement = join(work, 'requirement.txt');
  await writeFile(requirement, `${name}==${version} --hash=sha256:${digest}\n`);
  say('download', `pip download ${name}==${version}`);
  const downloads = join(work, 'download');
  const own = join(environment, 'bin', 'python3');
  const fetched = await runForSetup(
    own,
    [
      ...['-m', 'pip', 'download', '--no-deps', '--require-hashes', '--requirement', requirement],
      ...[kind === 'sdist' ? '--no-binary' : '--only-binary', name, '--dest', downloads],
      ...['--disable-pip-version-check', '--progress-bar', 'off'],
    ],
    options,
  );
  const [file] = fetched.status === 0 && existsSync(downloads) ? readdirSync(downloads) : [];
  if (file === undefined) {
    throw failed(
      `pip could not download ${name} ${version}: ${lastLine(fetched.output)}. Check the network and pip's configuration.`,
    );
  }
  const unpacked = join(work, 'unpacked');
  const tool = kind === 'sdist' ? 'tarfile' : 'zipfile';
  const opened = await runForSetup(
    own,
    ['-m', tool, '-e', join(downloads, file), unpacked],
    options,
  );
  if (opened.status !== 0)
    throw failed(`${file} could not be unpacked: ${lastLine(opened.output)}`);
  return unpacked;
}

function failed(message: string): FewSoundError {
  return new FewSoundError('NOT_SET_UP', message);
}
