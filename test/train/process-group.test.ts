import { ProcessGroup, processGroupFromEnvironment, tensor } from '../../lib/index';
import { freePort, type Rank, startRank, startRanks } from './ranks';

/** Every rank ends by itself, with the status that its program sets last. */
async function expectEnd(ranks: readonly Rank[]) {
  for (const { status, stderr } of await Promise.all(ranks.map(({ ended }) => ended))) {
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
  }
}

describe('a group of two processes', () => {
  it('sums, agrees, broadcasts and averages', async () => {
    const ranks = await startRanks('sum and broadcast', 2);
    const results = await Promise.all(ranks.map(({ ended }) => ended));
    results.forEach(({ status, lines, stderr }, rank) => {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(lines).toEqual([
        {
          facts: { rank, size: 2, backend: 'gloo', open: true },
          sums: [3, 1],
          flags: [true, false],
          broadcast: [6, 6, 6],
          mean: [0.5, 0.5, 0.5, 0.5],
        },
      ]);
    });
  });

  it.each([0, 1])('ends with an error when rank %d is killed', async (killed) => {
    const ranks = await startRanks('barriers until one fails', 2);
    await Promise.all(ranks.map(({ speaks }) => speaks));
    const start = Date.now();
    ranks[killed]?.child.kill('SIGKILL');
    const other = 1 - killed;
    const { status, lines } = (await ranks[other]?.ended) ?? { status: null, lines: [] };
    expect(status).toBe(0);
    expect(lines[1]).toEqual({
      code: 'PROCESS_GROUP',
      message: expect.stringMatching(
        new RegExp(
          `rank ${other} of 2: barrier failed after .* s: .*Restart all ranks from the`,
        ),
      ),
    });
    expect(Date.now() - start).toBeLessThan(20_000);
  });

  it('ends with an error when a rank hangs', async () => {
    const ranks = await startRanks('barriers until one fails', 2, { TIMEOUT: '2' });
    await Promise.all(ranks.map(({ speaks }) => speaks));
    ranks[1]?.child.kill('SIGSTOP');
    const ended = await ranks[0]?.ended;
    ranks[1]?.child.kill('SIGKILL');
    expect(ended?.lines[1]).toEqual({
      code: 'PROCESS_GROUP',
      message: expect.stringMatching(/Timed out.*Another rank hangs.*timeoutSeconds/),
    });
  });

  it.each(['process.exit with a live group', 'an end without close'])('%s', async (program) => {
    await expectEnd(await startRanks(program, 2));
  });

  it('calls that are none', async () => {
    const ranks = await startRanks('calls that are none', 2);
    ranks[0]?.speaks.then(() => ranks[1]?.child.stdin?.write('go on\n'));
    await expectEnd(ranks);
  });

  it('process.exit during an operation waits for its end', async () => {
    const port = await freePort();
    const first = startRank('process.exit during an operation', 0, 2, port);
    const second = startRank('process.exit with a live group', 1, 2, port);
    second.child.stdout?.resume();
    expect((await first.ended).status).toBe(7);
    expect((await second.ended).status).toBe(7);
  });
});

describe('ProcessGroup', () => {
  it('does in a group what it says', async () => {
    const masterPort = await freePort();
    const other = startRank('sum and broadcast', 1, 2, masterPort);
    const group = await ProcessGroup.join({
      rank: 0,
      size: 2,
      masterAddress: '127.0.0.1',
      masterPort,
    });
    expect(group).toMatchObject({ rank: 0, size: 2, backend: 'gloo', open: true });
    using values = tensor([1, 2, 3]);
    using gradient = tensor([
      [4, 4],
      [4, 4],
    ]);
    // In turn, though none is awaited before the next.
    const results = await Promise.all([
      group.sum([10, 1]),
      group.any(false),
      group.any(false),
      group.broadcast([values], 1),
      group.mean([gradient]),
      group.barrier(),
      group.close(),
    ]);
    expect(results.slice(0, 3)).toEqual([[12, 1.5], true, false]);
    expect([...values.data()]).toEqual([6, 6, 6]);
    expect([...gradient.data()]).toEqual([2.5, 2.5, 2.5, 2.5]);
    expect(group.open).toBe(false);
    await expect(group.sum([1])).rejects.toThrow(/the process group is closed/);
    await group.close();
    expect((await other.ended).status).toBe(0);
  });

  it('is left at once by dispose', async () => {
    const other = { size: 1, masterAddress: '127.0.0.1', masterPort: await freePort() };
    const group = await ProcessGroup.join({ rank: 0, ...other });
    expect(await group.sum([2, 3])).toEqual([2, 3]);
    group.dispose();
    expect(group.open).toBe(false);
    await expect(group.barrier()).rejects.toMatchObject({ code: 'PROCESS_GROUP' });
  });

  it('says what to see where the others do not come', async () => {
    const options = { rank: 0, size: 2, masterAddress: '127.0.0.1', masterPort: await freePort() };
    await expect(ProcessGroup.join({ ...options, timeoutSeconds: 0.5 })).rejects.toMatchObject({
      code: 'PROCESS_GROUP',
      message: expect.stringMatching(
        /rank 0 of 2: join failed.*Check that all 2 ranks are running/,
      ),
    });
  });

  it('refuses wrong options', async () => {
    const options = { rank: 0, size: 2, masterAddress: 'localhost', masterPort: 29_500 };
    const wrong = [
      [{ rank: 2 }, /rank is 2. Expected 0 to 1/],
      [{ size: 0 }, /size is 0/],
      [{ masterAddress: '' }, /masterAddress is ""/],
      [{ masterPort: 0 }, /masterPort is 0/],
      [{ timeoutSeconds: 0 }, /timeoutSeconds is 0/],
      [{ backend: 'mpi' }, /backend is "mpi". Expected 'gloo' or 'nccl'/],
      [{ port: 1 }, /port is 1. There is no such option/],
    ] as const;
    for (const [change, message] of wrong) {
      await expect(ProcessGroup.join({ ...options, ...change } as never)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(message),
      });
    }
  });
});

describe('processGroupFromEnvironment', () => {
  const environment = {
    WORLD_SIZE: '2',
    RANK: '0',
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: '29500',
  };

  it('is null where there is one process', async () => {
    expect(await processGroupFromEnvironment({})).toBeNull();
    expect(await processGroupFromEnvironment({ ...environment, WORLD_SIZE: '1' })).toBeNull();
  });

  it.each([
    ['MASTER_ADDR', undefined, /MASTER_ADDR is undefined. Expected the name or address/],
    ['MASTER_PORT', undefined, /MASTER_PORT is undefined. Expected a whole number/],
    ['MASTER_PORT', '70000', /MASTER_PORT is "?70000"?. Expected a whole number from 1 to 65535/],
    ['RANK', undefined, /RANK is undefined/],
    ['RANK', 'one', /RANK is "one"/],
    ['RANK', '2', /RANK is "2". Expected 0 to 1, as WORLD_SIZE is 2/],
    ['WORLD_SIZE', 'two', /WORLD_SIZE is "two"/],
    ['LOCAL_RANK', '-1', /LOCAL_RANK is "-1"/],
  ])('%s as %s is an error that names it', async (name, value, message) => {
    await expect(
      processGroupFromEnvironment({ ...environment, [name]: value }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: name,
      message: expect.stringMatching(message),
    });
  });
});
