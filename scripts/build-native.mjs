// Builds the addon (and with --tests the C++ tests) with cmake-js against the LibTorch in $LIBTORCH.
// Incremental: ninja rebuilds what changed. A lock keeps two builds of one folder apart.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);

function acquireLock(path) {
  for (;;) {
    try {
      const handle = openSync(path, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(readFileSync(path, 'utf8'));
      try {
        process.kill(owner, 0);
      } catch {
        rmSync(path, { force: true });
        continue;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
}

mkdirSync(join(root, 'build'), { recursive: true });
const lock = join(root, 'build', '.lock');
acquireLock(lock);
try {
  const hasNinja = spawnSync('ninja', ['--version']).status === 0;
  const cmakeJs = join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
  const settings = [
    '--out',
    'build',
    '--parallel',
    String(availableParallelism()),
    ...(hasNinja ? ['-G', 'Ninja'] : []),
    `--CDLIBTORCH_DIR=${process.env.LIBTORCH ?? ''}`,
    // Once the tests are part of a build folder they stay: leaving them out again would rebuild nothing less.
    ...(args.includes('--tests') ? ['--CDFEWSOUND_TESTS=ON'] : []),
    `--CDNODE_ADDON_API_DIR=${join(root, 'node_modules', 'node-addon-api')}`,
  ];
  // `build` alone would keep the settings that the folder was configured with first.
  for (const command of ['configure', 'build']) {
    const { status } = spawnSync(process.execPath, [cmakeJs, command, ...settings], {
      cwd: root,
      stdio: 'inherit',
    });
    process.exitCode = status ?? 1;
    if (status !== 0) break;
  }
} finally {
  rmSync(lock, { force: true });
}
