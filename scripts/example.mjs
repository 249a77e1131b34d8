// `npm run example -- NAME [ARGUMENTS]` runs examples/NAME.ts against the built package.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from './build.mjs';
import { buildDevelopment } from './build-dev.mjs';
import { filesBelow, main, root, run, StepError } from './steps.mjs';

await main(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  if (!existsSync(join(root, 'examples', `${name}.ts`))) {
    const names = filesBelow('examples').map((file) => basename(file, '.ts'));
    throw new StepError(`usage: npm run example -- NAME [ARGUMENTS]   NAME: ${names.join(', ')}`);
  }
  await build();
  await buildDevelopment();
  run(process.execPath, [join('build', 'dev', 'examples', `${name}.js`), ...args]);
});
