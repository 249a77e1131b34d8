// `npm run check-package`: packs what is built, installs it where no compiler is, and uses it there (test/package).
import { join } from 'node:path';
import { main, run } from './steps.mjs';

await main(() => {
  run(process.execPath, [
    '--test',
    '--test-reporter=spec',
    join('test', 'package', 'package.test.mjs'),
  ]);
});
