// Runs before `npm pack` and `npm publish`: no package without binaries, with binaries that cannot be given away, or with
// an old dist/. The binaries themselves are made before, each on a machine of its own kind (docs/publishing.md).
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildTypeScript } from './build.mjs';
import { inspectPrebuilds } from './prebuild.mjs';
import { main, root, StepError } from './steps.mjs';

await main(async () => {
  await buildTypeScript();
  const folder = join(root, 'prebuilds');
  const platforms = existsSync(folder) ? readdirSync(folder) : [];
  if (platforms.length === 0) throw new StepError('there are no binaries; run `npm run prebuild`');
  for (const platform of platforms) inspectPrebuilds(join(folder, platform));
});
