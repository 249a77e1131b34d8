import {
  cumulativeResponses,
  filterBankOf,
  responseSpectra,
  visitResponseSpectra,
} from '../lib/analysis/index.js';
import { ops, scope, setThreads } from '../lib/tensor/index.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';

const SAMPLES = 16_000;
const STRIDE = 10;
const FILTERS = 80;
/** Lengths of the filters of the paper's front ends. */
const FRONT_ENDS = { segmental: 300, subSegmental: 30 } as const;
const BINS = 512;
/** Recordings that PyTorch takes at once. */
const BATCH = 4;
/** Recordings whose STRS are kept together: 3.3 MB each. */
const AT_ONCE = 50;

/**
 * Response spectra of recordings of a second, as many as `--steps` says, by default a thousand:
 * STRS with 513 frequencies and 1600 frames, and CRS, of 80 filters of 300 or 30 samples. `ours`
 * computes both and lets go of them, as the peers do: PyTorch, several recordings at once, and
 * NumPy where there is one. `kept` gives every STRS back in memory of its own, `crs` the CRS alone.
 * Seconds are for all recordings.
 */
export async function strs({
  rounds,
  threads,
  steps: count,
}: {
  rounds: number;
  threads: number;
  steps: number;
}) {
  setThreads(threads);
  const recordings = scope(() => {
    const noise = ops.randn([count, SAMPLES]).data('float32');
    return Array.from({ length: count }, (_, i) => noise.slice(i * SAMPLES, (i + 1) * SAMPLES));
  });
  const segmental = await compare(recordings, FRONT_ENDS.segmental, rounds, threads);
  const subSegmental = await compare(recordings, FRONT_ENDS.subSegmental, rounds, threads);
  return {
    benchmark: 'strs',
    ...{ recordings: count, samples: SAMPLES, filters: FILTERS, stride: STRIDE },
    ...{ frequencies: BINS + 1, rounds, threads, ...machine() },
    segmental,
    subSegmental,
  };
}

async function compare(
  recordings: readonly Float32Array[],
  length: number,
  rounds: number,
  threads: number,
) {
  using weight = ops.randn([FILTERS, length]).div_(length);
  const bank = filterBankOf(weight, { stride: STRIDE });
  const options = { bins: BINS };
  const ours = async () => {
    const start = performance.now();
    visitResponseSpectra(bank, recordings, () => undefined, options);
    return (performance.now() - start) / 1000;
  };
  const kept = async () => {
    const start = performance.now();
    for (let first = 0; first < recordings.length; first += AT_ONCE) {
      responseSpectra(bank, recordings.slice(first, first + AT_ONCE), options);
    }
    return (performance.now() - start) / 1000;
  };
  const crs = async () => {
    const start = performance.now();
    cumulativeResponses(bank, recordings, options);
    return (performance.now() - start) / 1000;
  };
  cumulativeResponses(bank, recordings.slice(0, AT_ONCE), options);

  const sizes = [recordings.length, SAMPLES, FILTERS, length, STRIDE, BINS];
  const torch = await Peer.start('strs_torch.py', [threads, ...sizes, BATCH]);
  const numpy = await Peer.startNumpy('strs_numpy.py', threads, sizes);
  const seconds = await inTurn(rounds, {
    ours,
    kept,
    crs,
    torch: async () => (await torch.round()).seconds,
    numpy: async () => (numpy ? (await numpy.round()).seconds : Number.NaN),
  });
  torch.stop();
  numpy?.stop();
  bank.filters.dispose();
  const medians = {
    ours: median(seconds.ours),
    kept: median(seconds.kept),
    crs: median(seconds.crs),
    torch: median(seconds.torch),
    numpy: median(seconds.numpy),
  };
  return {
    length,
    ...{ torch: torch.facts.torch, numpy: numpy?.facts.numpy },
    seconds: medians,
    ratios: { torch: medians.torch / medians.ours, numpy: medians.numpy / medians.ours },
    ratiosKept: { torch: medians.torch / medians.kept, numpy: medians.numpy / medians.kept },
    ratiosOfCrs: { torch: medians.torch / medians.crs, numpy: medians.numpy / medians.crs },
  };
}
