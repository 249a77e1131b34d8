// `npm run processors`: the numerical suites as they run on other processors and with other numbers
// of threads, each row of the matrix in processes of its own. An older processor is imitated:
// LibTorch's kernels, MKL's and our own are each kept to its instruction set.
//
//   npm run processors                          the whole matrix
//   npm run processors -- plain/1 avx2/3        some rows: CAPABILITY/THREADS
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { main, require, root, StepError } from './steps.mjs';
import { ctest, jest, summarize } from './suites.mjs';

/** Everything whose numbers come out of kernels. */
const SUITES = [
  'golden',
  'conformance',
  'nn',
  'train',
  'analysis',
  'metrics',
  'tensor/properties',
  'tensor/transforms',
];
const THREADS = [1, 2, 3];

/**
 * What keeps each library to an instruction set, and the processor's flag without which the set
 * cannot be had. MKL hears MKL_ENABLE_INSTRUCTIONS on Intel's processors only; COMPATIBLE makes it
 * round as on the oldest ones on others as well.
 */
const CAPABILITIES = require('./processors.json');

const allRows = Object.keys(CAPABILITIES).flatMap((capability) =>
  THREADS.map((threads) => ({ capability, threads })),
);

function parseRow(text) {
  const [capability, threads] = text.split('/');
  const row = allRows.find((one) => one.capability === capability && `${one.threads}` === threads);
  if (row) return row;
  const known = allRows.map((one) => `${one.capability}/${one.threads}`).join(', ');
  throw new StepError(`"${text}" is no row of the matrix; expected one of ${known}`);
}

/** What the processor says it can do; null where it does not say so in this way (arm64). */
function processorFlags() {
  const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  return flags === undefined ? null : new Set(flags.split(' '));
}

function environmentOf({ capability, threads }) {
  return {
    ...process.env,
    ...CAPABILITIES[capability].env,
    OMP_NUM_THREADS: `${threads}`,
    // More threads than cores are part of the matrix; spinning ones would wait for each other.
    OMP_WAIT_POLICY: 'passive',
  };
}

/** Runs rows of the matrix, one after the other: a result for each. */
export async function checkProcessors(rows = allRows) {
  const flags = processorFlags();
  const results = [];
  for (const row of rows) {
    const name = `processor ${row.capability}, ${row.threads} thread${row.threads > 1 ? 's' : ''}`;
    const { flag } = CAPABILITIES[row.capability];
    if (flags === null || !flags.has(flag)) {
      console.error(`\n── ${name}: skipped, this processor has no ${flag}`);
      results.push({ name, passed: 0, failed: 0, skipped: 1 });
      continue;
    }
    const env = environmentOf(row);
    results.push(await ctest({ name: `${name}: C++`, env }));
    const patterns = SUITES.map((suite) => `/test/${suite}[/.-]`);
    results.push(await jest({ name: `${name}: Jest`, env, patterns }));
  }
  return results;
}

if (process.argv[1] === join(root, 'scripts', 'processors.mjs')) {
  await main(async () => {
    const rows = process.argv.slice(2).map(parseRow);
    await build({ tests: true });
    return summarize(await checkProcessors(rows.length > 0 ? rows : undefined));
  });
}
