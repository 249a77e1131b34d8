// What the collector does to tensors and to typed arrays over their memory. Needs --expose-gc.
const assert = require('node:assert');
const { setImmediate: turn } = require('node:timers/promises');
const addon = require('./open-addon.cjs').open();

const { operators: ops } = addon;
const viewOf = (tensor) => {
  const { buffer, offset, length, shared } = addon.data(tensor, false);
  assert.ok(shared);
  return new Float32Array(buffer, offset, length);
};

/** Collects, and lets the finalizers run: they wait for the event loop. */
async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await turn();
  }
}

async function main() {
  // Tensors that nobody holds go, though nobody disposed of them.
  for (let i = 0; i < 1000; i++) ops.zeros([1000]);
  assert.equal(addon.memory().tensors, 1000);
  await collect();
  assert.deepEqual(addon.memory(), { tensors: 0, bytes: {} });

  // A typed array holds its memory, without its tensor.
  let view = viewOf(ops.full([50_000], 7));
  await collect();
  for (let i = 0; i < 100; i++) addon.dispose(ops.full([50_000], 3));
  assert.ok(view.every((value) => value === 7));
  view = null;
  await collect();

  // A tensor holds its memory, without the typed array; the next typed array is another one over the same memory.
  const tensor = ops.full([50_000], 7);
  viewOf(tensor)[0] = 1;
  await collect();
  assert.equal(viewOf(tensor)[0], 1);
  assert.equal(addon.data(tensor, false).buffer, addon.data(tensor, false).buffer);
  addon.dispose(tensor);
  await collect();

  // The memory of both goes with the last of them: a gigabyte in pieces, each dropped at once.
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 100; i++) {
    viewOf(ops.full([2_500_000], i));
    if (i % 10 === 9) await collect();
  }
  await collect();
  const growth = process.memoryUsage().rss - before;
  assert.ok(growth < 300e6, `the process grew by ${growth} bytes`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
