// `npm test`: sets up what is missing, then type check, lint, the package as users install it, C++ tests and Jest. Every
// part runs even when an earlier one failed; the exit status says whether all passed.
//
//   npm test                 everything
//   npm test -- PATTERN…     only the Jest tests whose path matches
import { join } from 'node:path';
import { build } from './build.mjs';
import { capture, main } from './steps.mjs';

const patterns = process.argv.slice(2);

async function part(name, command, args, options) {
  console.error(`\n── ${name}`);
  const { status, output } = await capture(command, args, { ...options, show: true });
  return { name, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, output };
}

function jest() {
  return part(
    'Jest',
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join('node_modules', 'jest', 'bin', 'jest.js'),
      ...patterns,
    ],
    { env: { ...process.env, FORCE_COLOR: '0' } },
  );
}

/** The counts of Jest's and CTest's own summaries, so that the closing line counts tests and not programs. */
function counted(result, pattern, count) {
  const match = pattern.exec(result.output);
  if (!match) return result;
  const counts = count(match);
  // A suite that could not even start fails without a failed test in it.
  return { ...result, ...counts, failed: Math.max(counts.failed, result.failed) };
}

await main(async () => {
  await build({ tests: true });
  const results = [];
  if (patterns.length === 0) {
    results.push(
      await part('type check', process.execPath, [
        'node_modules/typescript/bin/tsc',
        '-p',
        'tsconfig.dev.json',
        '--noEmit',
      ]),
    );
    results.push(await part('lint', process.execPath, ['scripts/lint.mjs']));
    results.push(
      counted(
        await part('package', process.execPath, ['scripts/check-package.mjs']),
        /pass (\d+)\n.*fail (\d+)\n.*cancelled (\d+)\n.*skipped (\d+)/,
        ([, passed, failed, cancelled, skipped]) => ({
          passed: Number(passed),
          failed: Number(failed) + Number(cancelled),
          skipped: Number(skipped),
        }),
      ),
    );
    results.push(
      counted(
        await part('C++', 'ctest', ['--test-dir', 'build', '--output-on-failure']),
        /(\d+) tests failed out of (\d+)/,
        ([, failed, all]) => ({ passed: all - failed, failed: Number(failed) }),
      ),
    );
  }
  results.push(
    counted(
      await jest(),
      /^Tests: +(?:(\d+) failed, )?(?:(\d+) skipped, )?(?:(\d+) todo, )?(?:(\d+) passed, )?(\d+) total/m,
      ([, failed = 0, skipped = 0, , passed = 0]) => ({
        passed: Number(passed),
        failed: Number(failed),
        skipped: Number(skipped),
      }),
    ),
  );

  console.log('');
  for (const { name, failed } of results) console.log(`${failed === 0 ? '✓' : '✗'} ${name}`);
  const total = (key) => results.reduce((sum, result) => sum + (result[key] ?? 0), 0);
  const skipped = total('skipped');
  console.log(
    `${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
  return total('failed') === 0 ? 0 : 1;
});
