// `npm run conformance -- DIR [--only PATTERN,…] [--device DEVICE] [--json]`: checks the golden
// files of a folder. Sets up what is missing first; standard output is the report alone.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { buildDevelopment } from './build-dev.mjs';
import { main, root } from './steps.mjs';

await main(async () => {
  await build();
  await buildDevelopment();
  const args = [join(root, 'build/dev/test/conformance/main.js'), ...process.argv.slice(2)];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
});
