// `npm test`: sets up what is missing, then type check, form, C++ tests and Jest. Every part runs
// even when an earlier one failed; the exit status says whether all passed. What takes longer is
// `npm run check`.
//
//   npm test                 everything
//   npm test -- PATTERN…     only the Jest tests whose path matches
import { build } from './build.mjs';
import { main } from './steps.mjs';
import { ctest, jest, program, summarize } from './suites.mjs';

const patterns = process.argv.slice(2);

await main(async () => {
  await build({ tests: true });
  if (patterns.length > 0) return summarize([await jest({ patterns })]);
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.dev.json', '--noEmit'];
  return summarize([
    await program('type check', tsc),
    await program('form', ['scripts/lint.mjs', '--quick']),
    await ctest(),
    await jest(),
  ]);
});
