// Fetches one file of a Python package with pip, checked by its digest, into a folder that appears whole or not at all.

import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheFolder } from './cache-folder.js';
import { FewSoundError } from './errors.js';
import { lastLine, runForSetup, type SetupOptions } from './setup-command.js';
import { lockForSetup } from './setup-lock.js';

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
 * Sets up what a package brings, unless it is there: pip fetches the file, `make` turns its content into files of a new
 * folder, and that folder takes its place when all is done. pip follows the user's own configuration (index, proxy,
 * find-links) and compares the digest before it looks into the file.
 *
 * @param make gets the unpacked package and the folder to fill
 * @returns whether there was anything to do
 * @throws FewSoundError NOT_SET_UP when Python, venv or pip is missing or pip fails, ABORTED at the signal; what `make`
 *   throws
 */
export async function setUpPackage(
  wanted: PinnedPackage,
  make: (unpacked: string, folder: string) => Promise<void>,
  { force = false, ...options }: SetupOptions & { force?: boolean } = {},
): Promise<boolean> {
  const folder = packageFolder(wanted);
  await mkdir(dirname(folder), { recursive: true });
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
  const python = process.env.FEWSOUND_PYTHON ?? 'python3';
  const environment = join(work, 'python');
  say('environment', 'creating a virtual environment for pip');
  const created = await runForSetup(python, ['-m', 'venv', environment], options);
  if (created.status !== 0) {
    throw failed(
      `${python} could not create a virtual environment (${lastLine(created.output)}). Install Python 3 with venv and pip (Debian, Ubuntu: apt install python3-venv python3-pip).`,
    );
  }
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
