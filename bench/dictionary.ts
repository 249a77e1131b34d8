import { dictionaryMetrics } from '../lib/analysis/index.js';
import { ops, setThreads } from '../lib/tensor/index.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';

const DIMENSION = 512;
const ATOMS = 4096;
/** Entries of the Babel function. */
const BABEL = 128;

/**
 * All geometric properties of a dictionary of 4096 atoms in 512 dimensions, in float64. Peers: the
 * same in PyTorch, and in NumPy where there is one.
 */
export async function dictionary({ rounds, threads }: { rounds: number; threads: number }) {
  setThreads(threads);
  using atoms = ops.randn([DIMENSION, ATOMS], { dtype: 'float64' });
  const ours = async () => {
    const start = performance.now();
    dictionaryMetrics(atoms, { babel: BABEL });
    return (performance.now() - start) / 1000;
  };
  await ours();

  const torch = await Peer.start('dictionary_torch.py', [threads, DIMENSION, ATOMS, BABEL]);
  const numpy = await Peer.startNumpy('dictionary_numpy.py', threads, [DIMENSION, ATOMS, BABEL]);
  const seconds = await inTurn(rounds, {
    ours,
    torch: async () => (await torch.round()).seconds,
    numpy: async () => (numpy ? (await numpy.round()).seconds : Number.NaN),
  });
  torch.stop();
  numpy?.stop();
  const medians = {
    ours: median(seconds.ours),
    torch: median(seconds.torch),
    numpy: median(seconds.numpy),
  };
  return {
    benchmark: 'dictionary',
    ...{ dimension: DIMENSION, atoms: ATOMS, babel: BABEL },
    ...{ rounds, threads, ...machine(), torch: torch.facts.torch, numpy: numpy?.facts.numpy },
    seconds: medians,
    ratios: { torch: medians.torch / medians.ours, numpy: medians.numpy / medians.ours },
  };
}
