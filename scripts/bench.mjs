// `npm run bench -- NAME [RECORDING…] [--json] [--rounds N] [--steps N] [--seconds S] [--threads N]
// [--encoder KIND]`: one benchmark.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { buildDevelopment } from './build-dev.mjs';
import { main, root } from './steps.mjs';

await main(async () => {
  await build();
  await buildDevelopment();
  const args = [join(root, 'build/dev/bench/main.js'), ...process.argv.slice(2)];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
});
