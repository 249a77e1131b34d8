// One process of a group: RANK, WORLD_SIZE and MASTER_PORT say which. Prints one line of JSON.
const assert = require('node:assert');
const { once } = require('node:events');
const { open } = require('../binding/open-addon.cjs');

const rank = Number(process.env.RANK);
const size = Number(process.env.WORLD_SIZE);
const addon = open();
const { operators: ops } = addon;

function join(timeoutSeconds = 30) {
  const masterPort = Number(process.env.MASTER_PORT);
  return addon.joinProcessGroup({
    rank,
    size,
    masterAddress: '127.0.0.1',
    masterPort,
    timeoutSeconds,
  });
}

function numbersOf(tensor) {
  const { buffer, offset, length } = addon.data(tensor, true);
  return [...new Float32Array(buffer, offset, length)];
}

function print(value) {
  console.log(JSON.stringify(value));
}

const programs = {
  async 'sum and broadcast'() {
    const group = await join();
    const facts = addon.processGroupFacts(group);
    const sums = await addon.sumOverRanks(group, [rank + 1, 0.5]);
    const flags = [await addon.anyOfRanks(group, rank === 1), await addon.anyOfRanks(group, false)];
    const tensor = ops.full([3], rank + 5);
    await addon.broadcastFromRank(group, [tensor], 1);
    const gradient = ops.full([2, 2], rank);
    await addon.meanOverRanks(group, [gradient]);
    await addon.barrierOfRanks(group);
    await addon.closeProcessGroup(group);
    assert.equal(addon.processGroupFacts(group).open, false);
    print({
      facts,
      sums,
      flags,
      broadcast: numbersOf(tensor),
      mean: numbersOf(gradient),
    });
  },
  async 'barriers until one fails'() {
    const group = await join(Number(process.env.TIMEOUT ?? 30));
    print('joined');
    try {
      for (;;) {
        await addon.barrierOfRanks(group);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } catch (error) {
      print({ code: error.code, message: error.message });
    }
  },
  async 'process.exit with a live group'() {
    const group = await join();
    await addon.barrierOfRanks(group);
    process.exit(7);
  },
  async 'process.exit during an operation'() {
    const group = await join(2);
    addon.barrierOfRanks(group).catch(() => undefined);
    if (rank === 0) setTimeout(() => process.exit(7), 200);
  },
  async 'an end without close'() {
    await join();
    process.exitCode = 7;
  },
  async 'calls that are none'() {
    const group = await join();
    assert.throws(() => addon.barrierOfRanks({}), /expected a process group/);
    assert.throws(() => addon.barrierOfRanks(), /expected a process group/);
    assert.throws(() => addon.sumOverRanks(group, 'many'), /an array of at most a million numbers/);
    assert.throws(() => addon.sumOverRanks(group, [1, '2']), /numbers/);
    assert.throws(() => addon.meanOverRanks(group, [1]), /tensors/);
    await assert.rejects(() => addon.broadcastFromRank(group, [], 2 ** 40), /root is/);
    await assert.rejects(
      () => addon.meanOverRanks(group, [ops.ones([1], 'int64')]),
      /floating point/,
    );
    assert.throws(() => addon.joinProcessGroup(), /options/);
    assert.throws(() => addon.joinProcessGroup({ rank: 'first' }), /rank/);
    await assert.rejects(
      () => addon.joinProcessGroup({ rank: 2 ** 32, size: 1, masterAddress: 'a', masterPort: 1 }),
      /rank is/,
    );
    if (rank === 0) {
      const waiting = addon.barrierOfRanks(group);
      assert.throws(() => addon.barrierOfRanks(group), /in use by another operation/);
      print('asked while in use');
      await waiting;
    } else {
      // The barrier of the first rank must not end before that one has asked again.
      await once(process.stdin, 'data');
      process.stdin.destroy();
      await addon.barrierOfRanks(group);
    }
    await addon.closeProcessGroup(group);
    await addon.closeProcessGroup(group);
    await assert.rejects(() => addon.barrierOfRanks(group), /the process group is closed/);
    addon.leaveProcessGroup(group);
    process.exitCode = 7;
  },
};

programs[process.argv[2]]().catch((error) => {
  console.error(error);
  process.exit(1);
});
