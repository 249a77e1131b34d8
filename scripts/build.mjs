// From a fresh clone to a working build: npm packages, TypeScript, LibTorch, the addon.
// Every step says what it does and is skipped when nothing it depends on has changed.
//
//   node scripts/build.mjs [--tests]     --tests builds the C++ tests as well
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkRequirements } from './requirements.mjs';
import {
  digestOf,
  filesBelow,
  forgetStep,
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
  // Not `npm ci`: it insists on the optional packages of every other platform, which not every
  // registry has.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', process.stderr, 'inherit'],
  });
}

const TYPESCRIPT_STEPS = [
  'build-ts.mjs',
  'bundles.mjs',
  'declarations.mjs',
  'foreign-globals.d.ts',
];

export async function buildTypeScript() {
  const steps = TYPESCRIPT_STEPS.map((name) => join('scripts', name));
  const digest = digestOf(
    filesBelow('lib', 'tsconfig.json', 'tsconfig.player.json', 'package.json', ...steps),
  );
  await unlessUnchanged(
    'typescript',
    digest,
    ['dist/index.js', 'dist/index.mjs', 'dist/player/browser.mjs', 'dist/studio/page/main.js'],
    () => {
      console.error('• TypeScript');
      run(process.execPath, ['scripts/build-ts.mjs'], {
        stdio: ['ignore', process.stderr, 'inherit'],
      });
    },
  );
}

/** The LibTorch in use; sets one up in the user's cache folder where there is none. */
export async function libTorch() {
  const { findLibTorch } = require('../dist/setup/libtorch.js');
  const { reportSetupProgress, setupLibTorch } = require('../dist/setup/install.js');
  const { chosen } = findLibTorch();
  if (chosen) return chosen;
  console.error('• LibTorch');
  await setupLibTorch({ onProgress: reportSetupProgress });
  const installed = findLibTorch().chosen;
  if (!installed)
    throw new StepError('LibTorch was set up but is not found; see `fewsound doctor`');
  return installed;
}

/**
 * Builds the addon against a LibTorch, unless nothing has changed since it was.
 *
 * @param version of the LibTorch
 * @param folder gives its folder; asked for only when there is something to build
 * @param out the folder to build in
 * @param facts what else decides the result
 */
export async function buildAgainst({ version, folder, out = 'build', tests = false, facts = [] }) {
  const { minorVersion } = require('../dist/setup/libtorch.js');
  const sources = filesBelow(...NATIVE_SOURCES, ...(tests ? ['test/native'] : []));
  const { CXX = '', FEWSOUND_CUDA = '' } = process.env;
  const digest = digestOf(sources, version, CXX, FEWSOUND_CUDA, ...facts);
  const release = join(out, 'Release');
  const core = join(release, `torch-${minorVersion(version)}`, 'fewsound_core.so');
  // Both fill one folder: what one of them built is not the other's any more.
  const [step, other] = tests ? ['native-tests', 'native'] : ['native', 'native-tests'];
  const place = basename(out);
  await unlessUnchanged(join(place, step), digest, [join(release, 'fewsound.node'), core], () => {
    forgetStep(join(place, other));
    const torch = folder();
    console.error(`• native code, against LibTorch ${version}`);
    run(
      process.execPath,
      ['scripts/build-native.mjs', '--out', out, ...(tests ? ['--tests'] : [])],
      { env: { ...process.env, LIBTORCH: torch }, stdio: ['ignore', process.stderr, 'inherit'] },
    );
  });
}

/** What comes before native code: the machine's tools, npm packages, TypeScript. */
export async function prepareBuild() {
  checkRequirements();
  installPackages();
  await buildTypeScript();
}

/** Everything, in order. */
export async function build({ tests = false } = {}) {
  await prepareBuild();
  const { version, path } = await libTorch();
  await buildAgainst({ version, tests, folder: () => path, facts: [path] });
}

if (process.argv[1] === join(root, 'scripts', 'build.mjs')) {
  await main(() => build({ tests: process.argv.includes('--tests') }));
}
