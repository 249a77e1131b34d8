// `npm run check`: what a maintainer looks at before a change goes in, beside `npm test`:
// clang-tidy, the package as users install it, other processors, the sanitizers. Every part runs
// even when an earlier one failed.
//
//   npm run check                        everything
//   npm run check -- lint docs           some parts
//   npm run check -- --ci                all of it, but two rows of the processors, one Node.js and no sanitizers
import { build } from './build.mjs';
import { checkProcessors } from './processors.mjs';
import { main, StepError } from './steps.mjs';
import { nodeTestCounts, program, summarize } from './suites.mjs';

const PARTS = {
  lint: async () => [await program('lint', ['scripts/lint.mjs'])],
  package: async ({ ci }) => {
    const everywhere = ci ? [] : ['--node', '20,22,24,latest', '--tools'];
    const args = ['scripts/check-package.mjs', ...everywhere];
    return [await program('package', args, { count: nodeTestCounts })];
  },
  docs: async () => [await program('docs', ['scripts/docs.mjs'])],
  processors: ({ ci }) => checkProcessors(ci ? CI_ROWS : undefined),
  sanitizers: async ({ ci }) => (ci ? [] : [await program('sanitizers', ['scripts/sanitize.mjs'])]),
};

/** Plain x86-64 on one thread, and AVX2 on more threads than a small machine has cores. */
const CI_ROWS = [
  { capability: 'plain', threads: 1 },
  { capability: 'avx2', threads: 3 },
];

await main(async () => {
  const args = process.argv.slice(2);
  const ci = args.includes('--ci');
  const asked = args.filter((arg) => arg !== '--ci');
  const unknown = asked.find((name) => !(name in PARTS));
  if (unknown !== undefined) {
    throw new StepError(`"${unknown}" is no part; expected ${Object.keys(PARTS).join(', ')}`);
  }
  await build({ tests: true });
  const results = [];
  for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
    results.push(...(await PARTS[name]({ ci })));
  }
  return summarize(results);
});
