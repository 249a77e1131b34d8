import { run } from './run-node';

describe('the addon in a process', () => {
  it.each([
    ['process.exit during a job', 7],
    ['an uncaught error during a job', 1],
    ['a worker terminated during a job', 7],
    ['process.exit during the job of a worker', 7],
    ['process.exit during a job without the listeners of exit', 7],
    ['a job begun in a listener of exit', 7],
    ['process.exit with an open process group without the listeners of exit', 7],
    ['process.exit inside onProgress', 7],
    ['process.exit inside onProgress in a worker', 7],
    ['several environments at once', 7],
    ['a network is out of reach while a job changes it', 7],
    ['a result for a network that a job changes meanwhile is refused', 7],
    ["data in memory beyond Node's largest buffer are copied", 7],
    ['another LibTorch in the same process is refused', 7],
    ['a folder without LibTorch is an error, and the right one can follow', 7],
  ])('%s', async (program, expected) => {
    const { status, signal, stderr } = await run('lifecycle.cjs', [program]);
    expect({ status, signal, stderr: expected === 1 ? '' : stderr }).toEqual({
      status: expected,
      signal: null,
      stderr: '',
    });
  });
});
