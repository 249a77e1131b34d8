// What `npm test` and `npm run check` are made of: programs that check something, each with its own
// way to count.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { capture } from './steps.mjs';

/** Threads of programs side by side would wait for each other by spinning. */
const QUIET_THREADS = { OMP_WAIT_POLICY: 'passive' };

/**
 * Runs a program that checks something: the counts of its own summary where `count` knows how to
 * read one, else whether it passed, as one.
 */
export async function part(name, command, args, { count, env = process.env } = {}) {
  console.error(`\n── ${name}`);
  const begun = performance.now();
  const { status, output } = await capture(command, args, { show: true, env });
  const seconds = (performance.now() - begun) / 1000;
  const whole = { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 };
  const counts = { ...whole, ...count?.(output) };
  // A suite that could not even start fails without a failed test in it.
  const failed = Math.max(counts.failed, whole.failed);
  return { name, seconds, ...counts, failed, remarks: failed > 0 ? remarksIn(output) : [] };
}

/** The lines that name what failed in the output of Jest, CTest, Node's runner, a compiler or a linter. */
const REMARK =
  /^(FAIL .*| +● .* › .*|✖ .*|\t? *\d+ - \S+ \(.*\).*|.*:\d+:\d+: (warning|error).*|.*\berror TS\d+.*)$/;
const MOST_REMARKS = 20;

/** What the output of a part that failed says of why: else its last lines. */
function remarksIn(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const named = [...new Set(lines.filter((line) => REMARK.test(line)).map((line) => line.trim()))];
  return named.length > 0 ? named.slice(0, MOST_REMARKS) : lines.slice(-MOST_REMARKS);
}

/** A program of our own, or of a package. */
export function program(name, args, options) {
  return part(name, process.execPath, args, options);
}

/** The counts in the summary of Node's own test runner. */
export function nodeTestCounts(output) {
  const match = /pass (\d+)\n.*fail (\d+)\n.*cancelled (\d+)\n.*skipped (\d+)/.exec(output);
  if (!match) return undefined;
  const [passed, failed, cancelled, skipped] = match.slice(1).map(Number);
  return { passed, failed: failed + cancelled, skipped };
}

/** The C++ tests of the build. */
export function ctest({ name = 'C++', env = process.env } = {}) {
  const args = ['--test-dir', 'build', '--output-on-failure', '--parallel'];
  return part(name, 'ctest', [...args, `${availableParallelism()}`], {
    env: { ...QUIET_THREADS, ...env },
    count: (output) => {
      const match = /(\d+) tests failed out of (\d+)/.exec(output);
      if (!match) return undefined;
      const [failed, all] = match.slice(1).map(Number);
      return { passed: all - failed, failed };
    },
  });
}

/** The Jest tests whose paths match one of `patterns`, or all of them. */
export function jest({ name = 'Jest', env = process.env, patterns = [] } = {}) {
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join('node_modules', 'jest', 'bin', 'jest.js'),
    // Jest would leave a core to itself, and it has next to nothing to do.
    `--maxWorkers=${availableParallelism()}`,
    ...patterns,
  ];
  return program(name, args, {
    env: { ...QUIET_THREADS, ...env, FORCE_COLOR: '0' },
    count: (output) => {
      const counts = /^Tests: +(.*) total$/m.exec(output)?.[1];
      if (counts === undefined) return undefined;
      const of = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(counts)?.[1] ?? 0);
      return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') };
    },
  });
}

/**
 * Prints a line a part, with what failed in it, and the counts of all of them as the last line.
 * Returns the exit status.
 */
export function summarize(results) {
  console.log('');
  for (const { name, failed, seconds, remarks = [] } of results) {
    const time = seconds === undefined ? '' : ` (${Math.round(seconds)} s)`;
    console.log(`${failed === 0 ? '✓' : '✗'} ${name}${time}`);
    for (const remark of remarks) console.log(`    ${remark}`);
  }
  const total = (key) => results.reduce((sum, result) => sum + (result[key] ?? 0), 0);
  const skipped = total('skipped');
  console.log(
    `${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
  return total('failed') === 0 ? 0 : 1;
}
