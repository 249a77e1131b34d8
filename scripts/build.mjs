// From a fresh clone to a working build: npm packages, TypeScript, LibTorch, the addon.
// Every step says what it does and is skipped when nothing it depends on has changed.
//
//   node scripts/build.mjs [--tests]     --tests builds the C++ tests as well
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkRequirements } from './requirements.mjs';
import {
  digestOf,
  filesBelow,
  main,
  require,
  root,
  run,
  StepError,
  unlessUnchanged,
} from './steps.mjs';

const NATIVE_SOURCES = ['native', 'binding', 'cmake', 'CMakeLists.txt', 'scripts/build-native.mjs'];

function installPackages() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error('• npm packages');
  // Not `npm ci`: it insists on the optional packages of every other platform, which not every registry has.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', process.stderr, 'inherit'],
  });
}

const TYPESCRIPT_STEPS = ['build-ts.mjs', 'declarations.mjs', 'foreign-globals.d.ts'];

export async function buildTypeScript() {
  const steps = TYPESCRIPT_STEPS.map((name) => join('scripts', name));
  const digest = digestOf(filesBelow('lib', 'tsconfig.json', 'package.json', ...steps));
  await unlessUnchanged('typescript', digest, ['dist/index.js', 'dist/index.mjs'], () => {
    console.error('• TypeScript');
    run(process.execPath, ['scripts/build-ts.mjs'], {
      stdio: ['ignore', process.stderr, 'inherit'],
    });
  });
}

/** The LibTorch in use; sets one up in the user's cache folder where there is none. */
export async function libTorch() {
  const { findLibTorch, setupLibTorch, reportSetupProgress } = require('../dist/native/index.js');
  const { chosen } = findLibTorch();
  if (chosen) return chosen;
  console.error('• LibTorch');
  await setupLibTorch({ onProgress: reportSetupProgress });
  const installed = findLibTorch().chosen;
  if (!installed)
    throw new StepError('LibTorch was set up but is not found; see `fewsound doctor`');
  return installed;
}

async function buildNative({ tests }) {
  const torch = await libTorch();
  const sources = filesBelow(...NATIVE_SOURCES, ...(tests ? ['test/native'] : []));
  const digest = digestOf(sources, torch.path, torch.version, process.env.CXX ?? '');
  const outputs = ['build/Release/fewsound.node', 'build/Release/fewsound_core.so'];
  await unlessUnchanged(tests ? 'native-tests' : 'native', digest, outputs, () => {
    console.error(`• native code, against LibTorch ${torch.version}`);
    run(process.execPath, ['scripts/build-native.mjs', ...(tests ? ['--tests'] : [])], {
      env: { ...process.env, LIBTORCH: torch.path },
      stdio: ['ignore', process.stderr, 'inherit'],
    });
  });
}

/** Everything, in order. */
export async function build({ tests = false } = {}) {
  checkRequirements();
  installPackages();
  await buildTypeScript();
  await buildNative({ tests });
}

if (process.argv[1] === join(root, 'scripts', 'build.mjs')) {
  await main(() => build({ tests: process.argv.includes('--tests') }));
}
