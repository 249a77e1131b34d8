// Builds the addon (and with --tests the C++ tests) with cmake-js, in a clone or in an installed
// package, against the LibTorch in $LIBTORCH or else the one that fewsound finds, in `build` or in
// the folder after --out. Incremental: ninja rebuilds what changed. A lock keeps two builds apart.
// $FEWSOUND_CUDA (AUTO, ON, OFF) is for cmake/CudaCompiler.cmake.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    tests: { type: 'boolean', default: false },
    out: { type: 'string', default: 'build' },
  },
});
const require = createRequire(import.meta.url);

/**
 * The folder of a package that only building needs: in a clone it is there, the user of a package
 * installs it.
 */
function toolFolder(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    throw new Error(`${name} is needed: npm install --save-dev cmake-js node-addon-api`);
  }
}

function libTorch() {
  if (process.env.LIBTORCH) return process.env.LIBTORCH;
  const { findLibTorch } = require('../dist/setup/libtorch.js');
  const { chosen } = findLibTorch();
  if (chosen) return chosen.path;
  throw new Error('no LibTorch was found: run `npx fewsound setup`, or set LIBTORCH');
}

function acquireLock(path) {
  const { processLives, processName } = require('../dist/folder-lock.js');
  for (let told = false; ; told = true) {
    try {
      const handle = openSync(path, 'wx');
      writeSync(handle, processName(process.pid));
      closeSync(handle);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = readFileSync(path, 'utf8');
      // It may not have written its name yet.
      if (owner !== '' && !processLives(owner)) {
        rmSync(path, { force: true });
        continue;
      }
      if (!told) console.error(`waiting for the build of process ${owner.split(' ')[0]}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
}

mkdirSync(join(root, 'build'), { recursive: true });
const lock = join(root, 'build', '.lock');
acquireLock(lock);
try {
  const hasNinja = spawnSync('ninja', ['--version']).status === 0;
  const cmakeJs = join(toolFolder('cmake-js'), 'bin', 'cmake-js');
  const settings = [
    '--out',
    options.out,
    '--parallel',
    String(availableParallelism()),
    ...(hasNinja ? ['-G', 'Ninja'] : []),
    `--CDLIBTORCH_DIR=${libTorch()}`,
    // Once the tests are part of a build folder they stay: leaving them out again would rebuild
    // nothing less.
    ...(options.tests ? ['--CDFEWSOUND_TESTS=ON'] : []),
    ...(process.env.FEWSOUND_CUDA ? [`--CDFEWSOUND_CUDA=${process.env.FEWSOUND_CUDA}`] : []),
    `--CDNODE_ADDON_API_DIR=${toolFolder('node-addon-api')}`,
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
