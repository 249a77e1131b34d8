// `npm run sanitize`: the C++ tests with every instruction set of the KAN stack, built once for
// AddressSanitizer (leaks included) and UndefinedBehaviorSanitizer, and once for ThreadSanitizer.
// Each has a build folder of its own.
//
//   npm run sanitize                        both
//   npm run sanitize -- address|thread      one of them
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildTypeScript, libTorch } from './build.mjs';
import { checkRequirements } from './requirements.mjs';
import { capture, findProgram, main, run, StepError } from './steps.mjs';

const SANITIZERS = { address: 'address,undefined', thread: 'thread' };

/**
 * ThreadSanitizer of older compilers cannot live with all of the address randomisation of newer
 * kernels.
 */
function withFixedAddresses() {
  const fixed = ['setarch', '-R'];
  return spawnSync(fixed[0], [...fixed.slice(1), 'true']).status === 0 ? fixed : [];
}

function buildTests(name, torch) {
  const folder = join('build', `sanitize-${name}`);
  const ninja = findProgram('ninja') ? ['-G', 'Ninja'] : [];
  console.error(`• C++ tests for the ${SANITIZERS[name]} sanitizer`);
  const output = { stdio: ['ignore', process.stderr, 'inherit'] };
  run(
    'cmake',
    [
      ...['-S', '.', '-B', folder, ...ninja],
      `-DLIBTORCH_DIR=${torch.path}`,
      '-DFEWSOUND_TESTS=ON',
      // What a sanitizer can follow of the kernels are their emulated ones.
      '-DFEWSOUND_CUDA=OFF',
      `-DFEWSOUND_SANITIZE=${SANITIZERS[name]}`,
    ],
    output,
  );
  run('cmake', ['--build', folder, '--parallel', String(availableParallelism())], output);
  return folder;
}

/**
 * Runs the tests of a build folder; resolves with how many there were and how many were not clean.
 */
async function runTests(folder) {
  const [command, ...args] = [
    ...withFixedAddresses(),
    ...['ctest', '--test-dir', folder, '--output-on-failure'],
  ];
  const { output } = await capture(command, args, { show: true });
  const counts = /(\d+) tests failed out of (\d+)/.exec(output);
  if (!counts) throw new StepError('ctest ended without a summary; its messages are above');
  return { failed: Number(counts[1]), tests: Number(counts[2]) };
}

await main(async () => {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SANITIZERS);
  const unknown = names.find((name) => !(name in SANITIZERS));
  if (unknown !== undefined) {
    throw new StepError(
      `"${unknown}" is no sanitizer; expected ${Object.keys(SANITIZERS).join(' or ')}`,
    );
  }
  checkRequirements();
  await buildTypeScript();
  const torch = await libTorch();
  const results = [];
  for (const name of names) {
    results.push({ name, ...(await runTests(buildTests(name, torch))) });
  }
  const lines = results.map(({ name, tests, failed }) =>
    failed === 0
      ? `${SANITIZERS[name]}: ${tests} test programs clean`
      : `${SANITIZERS[name]}: ${failed} of ${tests} test programs not clean`,
  );
  console.log(lines.join('; '));
  return results.every(({ failed }) => failed === 0) ? 0 : 1;
});
