// Runs before `npm pack` and `npm publish`: no package without binaries, with binaries that cannot
// be given away, without a core for each version of LibTorch (unless FEWSOUND_PARTIAL_PACKAGE is
// set), or with an old dist/. The binaries themselves are made before, each on a machine of its own
// kind (docs/publishing.md).
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildTypeScript } from './build.mjs';
import { inspectBinaries, lacking } from './inspect-binaries.mjs';
import { main, root, StepError } from './steps.mjs';

await main(async () => {
  await buildTypeScript();
  const folder = join(root, 'prebuilds');
  const platforms = (existsSync(folder) ? readdirSync(folder) : []).map((name) =>
    join(folder, name),
  );
  if (platforms.length === 0) throw new StepError('there are no binaries; run `npm run binaries`');
  for (const platform of platforms) inspectBinaries(platform);
  const lacks = platforms.flatMap(lacking);
  if (lacks.length > 0 && !process.env.FEWSOUND_PARTIAL_PACKAGE) {
    throw new StepError(
      `The package would lack these:\n  ${lacks.join('\n  ')}\nRun \`npm run binaries\`, or set FEWSOUND_PARTIAL_PACKAGE=1 to pack without them.`,
    );
  }
});
