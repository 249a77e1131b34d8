import { run } from './run-node';

const CALLS = 10_000;
const seeds = [1, Math.floor(Math.random() * 2 ** 31)];

describe('no input from JavaScript crashes the process', () => {
  it.each(seeds)(`${CALLS} random calls, seed %i`, async (seed) => {
    const { status, signal, stdout, stderr } = await run('fuzz-calls.cjs', [
      String(seed),
      String(CALLS),
    ]);
    if (status !== 0) {
      throw new Error(
        `node test/binding/fuzz-calls.cjs ${seed} ${CALLS} ended with ${signal ?? status} (FUZZ_VERBOSE=1 prints the calls)\n${stdout}${stderr}`,
      );
    }
    const returned = Number(/(\d+) returned/.exec(stdout)?.[1]);
    // Calls that only ever fail would test the checks of arguments and nothing behind them.
    expect(returned).toBeGreaterThan(CALLS / 8);
  });
});
