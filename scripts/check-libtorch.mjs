// `npm run check-libtorch [-- VERSION…]`: golden tensors, networks, tensors, fits and their
// resumption, process groups, doctor and renderings with each LibTorch that the package has a core
// for, from the binaries in prebuilds/ (`npm run binaries` makes them). Prints the rows of the
// table in docs/publishing.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepareBuild } from './build.mjs';
import { fetchLibTorch } from './fetch-libtorch.mjs';
import { main, require, root, StepError } from './steps.mjs';
import { jest } from './suites.mjs';

const SUITES = [
  ...['test/golden/', 'test/nn/', 'test/tensor/(?!torch-file)'],
  ...['test/train/checkpoint', 'test/train/process-group'],
  ...['test/cli/doctor', 'test/cli/fit', 'test/cli/render'],
];

/** What doctor says of this LibTorch; throws where there is no core for it. */
function examine(env) {
  const doctor = [join('dist', 'cli', 'main.js'), 'doctor', '--json'];
  const { stdout } = spawnSync(process.execPath, doctor, { cwd: root, env, encoding: 'utf8' });
  const { usable, checks, libtorch } = JSON.parse(stdout);
  if (!usable) throw new StepError(stdout);
  return { ...libtorch.chosen, processor: checks.find(({ name }) => name === 'CPU').found };
}

async function check(version) {
  // Only what was packed, not what the clone is built for.
  const env = { ...process.env, LIBTORCH: fetchLibTorch(version), PREBUILDS_ONLY: '1' };
  const { version: found, cuda, processor } = examine(env);
  const { passed, failed, skipped } = await jest({
    name: `LibTorch ${found}`,
    env,
    patterns: SUITES,
  });
  const kind = cuda === null ? 'CPU' : `CUDA ${cuda}`;
  const result = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return { failed, row: `| ${found} | ${kind} | ${result} | ${processor} |` };
}

await main(async () => {
  await prepareBuild();
  const { TESTED_LIBTORCH } = require('../dist/setup/libtorch.js');
  const asked = process.argv.slice(2);
  const results = [];
  for (const version of asked.length > 0 ? asked : TESTED_LIBTORCH)
    results.push(await check(version));
  console.log(['', ...results.map(({ row }) => row)].join('\n'));
  return results.some(({ failed }) => failed > 0) ? 1 : 0;
});
