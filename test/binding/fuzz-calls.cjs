// Calls functions and operators of the addon with random arguments. Run by fuzz.test.ts in a process of its own:
//
//   node test/binding/fuzz-calls.cjs SEED CALLS
//
// Every call must return or throw an error with a code of ours (or what a trap of the arguments threw). A crash ends the
// process by a signal; the line printed last names the call.
const { writeSync } = require('node:fs');
const addon = require('./open-addon.cjs').open();

const [seed, calls] = process.argv.slice(2).map(Number);
const verbose = process.env.FUZZ_VERBOSE === '1';

class OurError extends Error {}
class Trap extends Error {}
addon.setErrorFactory((code, message) => {
  const error = new OurError(message);
  error.code = code;
  return error;
});
addon.setThreads(1);

let state = seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];

const ops = addon.operators;
const descriptions = addon.describeOperators();

// Sizes are small or beyond any memory: what lies between would only be slow.
const numbers = [0, -0, 1, 2, 3, 4, 5, 17, 64, -1, -2, -17, 0.5, -1.5, 1e-30, 1e308];
const wildNumbers = [
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 40,
  -(2 ** 40),
  2 ** 53,
  2 ** 63,
  -(2 ** 53),
];
const bigints = [0n, 1n, -1n, 3n, 2n ** 40n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n];
const dtypes = ['float32', 'float64', 'int64', 'bool', 'complex64', 'complex128'];
const strings = [
  '',
  'cpu',
  'cuda',
  'cuda:7',
  'cuda:-1',
  'mean',
  'sum',
  'none',
  'reflect',
  'replicate',
  'circular',
  'constant',
  'ortho',
  'backward',
  'floor',
  'trunc',
  'ij,jk->ik',
  'ii->i',
  '...,...->...',
  'a->',
  '->',
  '\0',
  'x'.repeat(5000),
  '😀',
  'kan',
  'nerf',
  'siren',
  'finer',
  'rff',
  'wire',
  'fused',
  ...dtypes,
];
const dispatcherNames = [
  'aten::add.Tensor',
  'aten::mish',
  'aten::sort.stable',
  'aten::index.Tensor',
  'aten::resize_',
  'aten::set_.source_Tensor',
  'aten::as_strided',
  'aten::embedding_bag',
  'aten::conv2d',
  'aten::cat',
  'aten::index_put_',
  'aten::empty.memory_format',
  'aten::to.dtype',
  'aten::normal.float_float',
  'aten::_softmax',
  'aten::nope',
  'prim::device',
  'aten::upsample_nearest1d',
  'aten::max_unpool2d',
  'aten::lstm.input',
  'aten::grid_sampler',
  'aten::linalg_eig',
  'aten::histogram.bin_ct',
];

const tensors = [];
function fresh() {
  const shape = pick([
    [],
    [0],
    [1],
    [3],
    [2, 3],
    [3, 3],
    [4, 4],
    [2, 3, 4],
    [1, 2, 16],
    [2, 2, 2, 2],
    [0, 3],
  ]);
  const kind = below(9);
  if (kind === 0) return ops.ones(shape, 'int64');
  if (kind === 1) return ops.randint(-3, 9, shape);
  if (kind === 2) return ops.zeros(shape, 'bool');
  if (kind === 3) return ops.full(shape, Number.NaN);
  if (kind === 4) return ops.rand(shape, { requiresGrad: true });
  if (kind === 5) return ops.randn(shape, { dtype: 'complex64' });
  if (kind === 6) return ops.randn(shape, { dtype: 'float64' });
  if (kind === 7) return ops.expand(ops.rand([1]), [2, 3]);
  return ops.randn(shape);
}
function tensor() {
  if (tensors.length < 24) tensors.push(fresh());
  const index = below(tensors.length);
  if (random() < 0.05) {
    addon.dispose(tensors[index]);
    const disposed = tensors[index];
    tensors[index] = fresh();
    return disposed;
  }
  return tensors[index];
}
function retire(value) {
  if (tensors.length >= 24 && random() < 0.3) {
    const index = below(tensors.length);
    addon.dispose(tensors[index]);
    tensors[index] = value;
  } else {
    addon.dispose(value);
  }
}

const small = { layers: [4], seed: 1 };
const objects = {
  network: () => addon.createModel(pick(['kan', 'nerf', 'siren', 'finer', 'rff', 'wire']), small),
  loss: () => addon.createLoss({ fftSizes: [16], mels: 4 }),
  optimizer: () => addon.createAdamW([ops.zeros([2], { requiresGrad: true })], {}),
  generator: () => addon.createGenerator(1),
  flag: () => addon.createAbortFlag(),
  fitter: () =>
    addon.createTrainer(
      'fit',
      [addon.createModel('nerf', small)],
      {
        steps: 5,
        optimizer: {},
        schedule: {},
        loss: { fftSizes: [16], mels: 4 },
        earlyStop: {},
      },
      ops.rand([1, 64]),
    ),
};
const kept = Object.fromEntries(Object.entries(objects).map(([name, make]) => [name, make()]));
function object() {
  const name = pick(Object.keys(objects));
  if (random() < 0.05) kept[name] = objects[name]();
  return kept[name];
}

function detached() {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
const typedArray = () =>
  pick([
    () => new Float32Array([1, 2, 3, 4, 5, 6]),
    () => new Float64Array(3),
    () => new BigInt64Array(4),
    () => new Uint8Array(8),
    () => new Int32Array(6),
    () => new Float32Array(new SharedArrayBuffer(16)),
    () => new Float32Array(new ArrayBuffer(16, { maxByteLength: 64 })),
    () => new DataView(new ArrayBuffer(8)),
    () => new ArrayBuffer(8),
    detached,
  ])();
function trap() {
  throw new Trap('a trap of the arguments');
}
const oddities = () =>
  pick([
    () => Symbol('odd'),
    () => trap,
    () => new Date(),
    () => /x/,
    () => new Map([[1, 2]]),
    () => Promise.resolve(1),
    () => Object.create(null),
    () => Object.create(tensor()),
    () => new Proxy([], { get: trap }),
    () => new Proxy({}, { get: trap, ownKeys: trap }),
    () => new Proxy(tensor(), {}),
    () => Object.defineProperty([1, 2, 3], 1, { get: trap }),
    () =>
      Object.defineProperty([1, 2], 0, {
        get: () => {
          addon.dispose(tensor());
          return 1;
        },
      }),
    () => Object.defineProperty({}, 'dim', { get: trap, enumerable: true }),
    () => ({ dim: { valueOf: trap, toString: trap } }),
    () => new Array(7),
    () => new Array(2 ** 32 - 1),
    () => new String('cpu'),
    () => globalThis,
    () => ({ __proto__: { dim: 1 } }),
  ])();

/** A value that may fit a declared type. */
function fitting(type) {
  if (type.includes(' | ') && random() < 0.2) return null;
  if (type.startsWith('readonly Tensor[]')) return Array.from({ length: below(4) }, tensor);
  if (type.startsWith('readonly number[]')) return list();
  if (type.startsWith('number | readonly')) return random() < 0.5 ? pick(numbers) : list();
  if (type.startsWith('Tensor')) return tensor();
  if (type.startsWith('Operand')) return random() < 0.6 ? tensor() : pick(numbers);
  if (type.startsWith('DType')) return pick(dtypes);
  if (type.startsWith('Device')) return 'cpu';
  if (type.startsWith('Generator')) return kept.generator;
  if (type.startsWith('boolean')) return random() < 0.5;
  if (type.startsWith('string') || type === 'Reduction') return pick(strings);
  return pick(numbers);
}
function list() {
  return Array.from({ length: below(5) }, () =>
    random() < 0.9 ? below(5) : pick([...numbers, ...wildNumbers]),
  );
}
function named(parameters) {
  const entries = parameters
    .filter(() => random() < 0.5)
    .map(({ name, type }) => [name, random() < 0.8 ? fitting(type) : any()]);
  return Object.fromEntries(entries);
}
function any() {
  const kind = below(12);
  if (kind < 3) return tensor();
  if (kind === 3) return pick(numbers);
  if (kind === 4) return pick([...wildNumbers, ...bigints]);
  if (kind === 5) return pick(strings);
  if (kind === 6) return pick([undefined, null, true, false]);
  if (kind === 7) return list();
  if (kind === 8) return typedArray();
  if (kind === 9) return object();
  if (kind === 10) return Array.from({ length: below(4) }, any);
  return oddities();
}

const functions = Object.keys(addon).filter(
  // setErrorFactory would replace how this program tells our errors; dispose is called all the time.
  (name) => typeof addon[name] === 'function' && name !== 'setErrorFactory',
);

function operatorCall() {
  const { name, parameters } = pick(descriptions);
  const given = parameters.filter(({ optional }) => !optional || random() < 0.4);
  const values = given.map(({ type }) => (random() < 0.85 ? fitting(type) : any()));
  if (random() < 0.2) values.push(named(parameters.filter(({ optional }) => optional)));
  if (random() < 0.05) values.push(any());
  return [`operators.${name}`, ops[name], values];
}
function functionCall() {
  const name = pick(functions);
  const values = Array.from({ length: below(5) }, any);
  if (random() < 0.7 && /^(networkF|networkT|networkL|networkP|move|disposeN|createF)/.test(name))
    values[0] = kept.network;
  if (random() < 0.7 && /^(run|fitF|step|evaluate|trainer|loadT|setT)/.test(name))
    values[0] = kept.fitter;
  if (random() < 0.7 && name.includes('AdamW') && name !== 'createAdamW')
    values[0] = kept.optimizer;
  if (random() < 0.7 && name.startsWith('compute')) values[0] = kept.loss;
  if (name === 'callOperator') {
    values[0] = pick(dispatcherNames);
    values[1] = Array.from({ length: below(6) }, any);
  }
  if (name === 'setThreads') values[0] = pick([1, 2, 0, -1, 1e9, 'x']);
  return [name, addon[name], values];
}

function release_(result) {
  if (Array.isArray(result)) return result.forEach(release_);
  if (typeof result !== 'object' || result === null) return undefined;
  try {
    addon.isDisposed(result);
  } catch {
    return undefined;
  }
  return retire(result);
}
function describe(value) {
  try {
    if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value) && value.length < 9) return `[${value.map(describe).join(', ')}]`;
      try {
        return `Tensor ${addon.dtype(value)} [${addon.shape(value)}]`;
      } catch {}
    }
    return typeof value === 'symbol' ? 'symbol' : String(value).slice(0, 60);
  } catch {
    return 'a value that cannot be shown';
  }
}

let returned = 0;
for (let call = 0; call < calls; call++) {
  const [name, run, values] = random() < 0.7 ? operatorCall() : functionCall();
  if (verbose) writeSync(1, `${call} ${name}(${values.map(describe).join(', ')})\n`);
  try {
    const result = run(...values);
    returned += 1;
    if (result instanceof Promise) result.catch(() => undefined);
    else if (!name.endsWith('_')) release_(result);
  } catch (error) {
    const expected =
      error instanceof Trap ||
      (error instanceof OurError && typeof error.code === 'string' && error.message.length > 3);
    if (!expected) {
      writeSync(2, `seed ${seed}, call ${call}: ${name} threw ${error?.stack ?? String(error)}\n`);
      process.exit(1);
    }
    if (error.code === 'INTERNAL' && verbose) writeSync(1, `   INTERNAL ${error.message}\n`);
  }
  addon.setGradEnabled(true);
}
writeSync(1, `${calls} calls, ${returned} returned\n`);
process.exit(0);
