// Ends of the process and of worker threads while a job computes, and several environments at once.
const assert = require('node:assert');
const { createServer } = require('node:net');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');
const { loader, open, torchLibraries, corePath } = require('./open-addon.cjs');

function startJob(addon, onProgress, network = addon.createModel('kan', { seed: 1 })) {
  const target = addon.operators.rand([1, 8192]);
  const fitter = addon.createTrainer(
    'fit',
    [network],
    {
      steps: 1_000_000,
      optimizer: {},
      schedule: {},
      loss: {},
      earlyStop: {},
    },
    target,
  );
  const { promise, resolve } = Promise.withResolvers?.() ?? withResolvers();
  addon.runTrainer(fitter, 1_000_000, null, onProgress ?? resolve).catch(() => undefined);
  return { network, target, fitter, underWay: promise };
}
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
function withResolvers() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const programs = {
  async 'process.exit during a job'() {
    await startJob(open()).underWay;
    process.exit(7);
  },
  async 'an uncaught error during a job'() {
    await startJob(open()).underWay;
    setImmediate(() => {
      throw new Error('on purpose');
    });
  },
  async 'a worker terminated during a job'() {
    const worker = new Worker(__filename, { workerData: 'job' });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    process.exit(7);
  },
  async 'process.exit during the job of a worker'() {
    const worker = new Worker(__filename, { workerData: 'job' });
    await new Promise((resolve) => worker.once('message', resolve));
    process.exit(7);
  },
  async 'process.exit during a job without the listeners of exit'() {
    await startJob(open()).underWay;
    process.removeAllListeners('exit');
    process.exit(7);
  },
  async 'a job begun in a listener of exit'() {
    const addon = open();
    await startJob(addon).underWay;
    process.on('exit', () => {
      startJob(addon);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    });
    process.exit(7);
  },
  async 'process.exit with an open process group without the listeners of exit'() {
    const where = { masterAddress: '127.0.0.1', masterPort: await freePort() };
    await open().joinProcessGroup({ rank: 0, size: 1, ...where });
    process.removeAllListeners('exit');
    process.exit(7);
  },
  async 'process.exit inside onProgress'() {
    startJob(open(), () => process.exit(7));
  },
  async 'process.exit inside onProgress in a worker'() {
    const worker = new Worker(__filename, { workerData: 'exit inside onProgress' });
    const code = await new Promise((resolve) => worker.once('exit', resolve));
    assert.equal(code, 5);
    process.exit(7);
  },
  async 'several environments at once'() {
    const addon = open();
    const mine = addon.operators.ones([10]);
    const counts = await Promise.all(
      [1, 2, 3].map(
        (count) =>
          new Promise((resolve, reject) => {
            const worker = new Worker(__filename, { workerData: count });
            worker.once('message', resolve);
            worker.once('error', reject);
          }),
      ),
    );
    assert.deepEqual(counts, [1, 2, 3]);
    assert.equal(addon.memory().tensors, 1);
    assert.equal(addon.gradEnabled(), true);
    assert.deepEqual(addon.shape(mine), [10]);
    assert.throws(() => addon.shape(structuredClone(mine)), /expected a Tensor/);
    process.exit(7);
  },
  async 'a network is out of reach while a job changes it'() {
    const addon = open();
    const { operators: ops } = addon;
    const network = addon.createModel('siren', { seed: 1, layers: [4] });
    const parameters = addon.modelTensors(network).map(([, tensor]) => tensor);
    const t = ops.rand([16, 1]);
    const recorded = ops.sum(addon.networkForward(network, t, null));
    const optimizer = addon.createAdamW(parameters.slice(0, 2), {});
    const abort = addon.createAbortFlag();
    const fitter = addon.createTrainer(
      'fit',
      [network],
      {
        steps: 100_000_000,
        optimizer: {},
        schedule: {},
        loss: { fftSizes: [16], mels: 4 },
        earlyStop: {},
      },
      ops.rand([1, 64]),
    );
    const fit = addon.runTrainer(fitter, 100_000_000, abort, null);
    const refused = [
      () => addon.networkForward(network, t, null),
      () => addon.modelTensors(network),
      () => addon.moveModel(network, 'cpu', 'float64'),
      () => addon.disposeModel(network),
      () => addon.runTrainer(fitter, 1, null, null),
      () => addon.trainerState(fitter),
      () => ops.add(parameters[0], 1),
      () => addon.grad(parameters[0]),
      () => addon.stepAdamW(optimizer, 0.1, 0.9),
      () => addon.zeroGradAdamW(optimizer),
      () => addon.backward(recorded, null, false, false),
      () => addon.gradients([recorded], [ops.zeros([1])], null, false, false),
    ];
    for (const touch of refused) assert.throws(touch, /fit|at work/, touch.toString());
    addon.raiseAbort(abort);
    const { reason } = await fit;
    assert.equal(reason, 'aborted');
    assert.deepEqual(addon.shape(addon.networkForward(network, t, null)), [16, 1]);
    addon.backward(recorded, null, false, false);
    process.exit(7);
  },
  async 'a result for a network that a job changes meanwhile is refused'() {
    const addon = open();
    const network = addon.createModel('siren', { seed: 1, layers: [4] });
    const parameters = addon.modelTensors(network).map(([, tensor]) => tensor);
    const masterPort = await freePort();
    const where = { masterAddress: '127.0.0.1', masterPort };
    const group = await addon.joinProcessGroup({ rank: 0, size: 1, ...where });
    const mean = addon.meanOverRanks(group, parameters);
    startJob(addon, null, network);
    await assert.rejects(mean, { code: 'INVALID_ARGUMENT', message: /being fitted meanwhile/ });
    process.exit(7);
  },
  async "data in memory beyond Node's largest buffer are copied"() {
    const addon = open();
    let large;
    try {
      // Nobody touches it, so it takes no memory.
      large = addon.callOperator('aten::empty.memory_format', [[2 ** 30 + 1]]);
    } catch (error) {
      assert.equal(error.code, 'OUT_OF_MEMORY');
      process.exit(7);
    }
    const few = addon.operators.narrow(large, 0, 0, 4);
    addon.operators.fill_(few, 2);
    const { buffer, offset, length } = addon.data(few, false);
    assert.deepEqual([...new Float32Array(buffer, offset, length)], [2, 2, 2, 2]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.exit(7);
  },
  async 'another LibTorch in the same process is refused'() {
    open();
    assert.throws(() => loader.openCore('/elsewhere', corePath), /uses the LibTorch in/);
    assert.throws(() => loader.openCore(torchLibraries), /expects two paths/);
    process.exit(7);
  },
  async 'a folder without LibTorch is an error, and the right one can follow'() {
    assert.throws(() => loader.openCore('/elsewhere', corePath), /libc10\.so: cannot open/);
    assert.throws(
      () => loader.openCore(torchLibraries, '/elsewhere.so'),
      /elsewhere\.so: cannot open/,
    );
    assert.deepEqual(open().devices().slice(0, 1), ['cpu']);
    process.exit(7);
  },
};

async function inWorker() {
  const addon = open();
  if (workerData === 'job') {
    await startJob(addon).underWay;
    parentPort.postMessage('under way');
    return;
  }
  if (workerData === 'exit inside onProgress') {
    startJob(addon, () => process.exit(5));
    return;
  }
  const made = Array.from({ length: workerData }, () => addon.operators.zeros([4]));
  addon.setGradEnabled(false);
  assert.equal(made.length, workerData);
  parentPort.postMessage(addon.memory().tensors);
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

if (isMainThread) programs[process.argv[2]]().catch(fail);
else inWorker().catch(fail);
