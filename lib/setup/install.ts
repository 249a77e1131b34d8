// Installs the pinned LibTorch: a virtual environment in the user's cache folder, and pip.

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FewSoundError } from '../errors.js';
import { makeFolder } from '../files.js';
import {
  createEnvironment,
  lastLine,
  lockForSetup,
  runForSetup,
  type SetupOptions,
  type SetupProgress,
} from './download.js';
import {
  completionMarker,
  type LibTorch,
  libTorchFolder,
  ownLibTorch,
  PINNED_LIBTORCH,
} from './libtorch.js';

export type { SetupOptions, SetupProgress };

/**
 * Installs LibTorch into the cache folder, unless it is there; `force` installs it anew. pip follows
 * the user's own configuration (index, proxy, find-links). On a machine without an NVIDIA driver the
 * CPU build is asked for first, which is ten times smaller; where the index has none, the index's
 * standard build is taken.
 *
 * @throws FewSoundError LIBTORCH_NOT_FOUND when Python, venv or pip is missing or pip fails,
 *   ABORTED at the signal
 */
export async function setupLibTorch({
  force = false,
  ...options
}: SetupOptions & { force?: boolean } = {}): Promise<LibTorch> {
  const folder = libTorchFolder();
  await makeFolder(dirname(folder));
  const release = await lockForSetup(`${folder}.lock`, options);
  try {
    if (force || !existsSync(completionMarker())) await install(folder, options);
  } finally {
    release();
  }
  const own = ownLibTorch();
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
  const fail = (problem: string): never => {
    rmSync(folder, { recursive: true, force: true });
    throw new FewSoundError(
      'LIBTORCH_NOT_FOUND',
      `${problem}, or set LIBTORCH to a LibTorch you have.`,
    );
  };
  const problem = await createEnvironment(folder, options);
  if (problem !== null) fail(problem);
  const pip = join(folder, 'bin', 'pip');
  const common = ['install', '--disable-pip-version-check', '--progress-bar', 'off'];
  const attempts = hasNvidiaDriver()
    ? [[`torch==${PINNED_LIBTORCH}`]]
    : [[`torch==${PINNED_LIBTORCH}+cpu`], [`torch==${PINNED_LIBTORCH}`]];
  let output = '';
  for (const attempt of attempts) {
    options.onProgress?.({ stage: 'download', message: `pip install ${attempt.at(-1)}` });
    const result = await runForSetup(pip, [...common, ...attempt], options);
    output = result.output;
    if (result.status === 0) {
      writeFileSync(completionMarker(), `${attempt.at(-1)}\n`);
      return;
    }
  }
  fail(
    `pip could not install torch ${PINNED_LIBTORCH}: ${lastLine(output)}. Check the network and pip's configuration`,
  );
}

function hasNvidiaDriver(): boolean {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl');
}

/** An `onProgress` that writes to stderr, for scripts. */
export function reportSetupProgress({ message }: SetupProgress): void {
  process.stderr.write(`  ${message}\n`);
}
