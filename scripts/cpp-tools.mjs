// clang-format and clang-tidy of one pinned version for everybody, from pip, in the user's cache
// folder.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './steps.mjs';

const CLANG_FORMAT = '23.1.5';
const CLANG_TIDY = '23.1.4';

/** Paths of the tools; installs them at the first call. */
export async function cppTools() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fewsound');
  const folder = join(cache, `cpp-tools-${CLANG_FORMAT}-${CLANG_TIDY}`);
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    run(process.env.FEWSOUND_PYTHON || 'python3', ['-m', 'venv', folder]);
    run(join(folder, 'bin', 'pip'), [
      'install',
      '--quiet',
      `clang-format==${CLANG_FORMAT}`,
      `clang-tidy==${CLANG_TIDY}`,
    ]);
    writeFileSync(complete, '');
  }
  return {
    clangFormat: join(folder, 'bin', 'clang-format'),
    clangTidy: join(folder, 'bin', 'clang-tidy'),
    clangTidyVersion: CLANG_TIDY,
  };
}
