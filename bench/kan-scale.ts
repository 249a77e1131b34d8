import { KAN } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';
import { benchmarkClip } from './subjects.js';

/** A point of the sweeps: the paper's KAN where nothing else is said. */
interface Point {
  samples: number;
  /** Factor on the widths of the hidden layers. */
  width: number;
  grid: number;
  order: number;
}

interface Settings {
  rounds: number;
  threads: number;
}

const PAPER: Point = { samples: 2 ** 15, width: 1, grid: 10, order: 2 };
const SWEEPS: Readonly<Record<keyof Point, readonly number[]>> = {
  samples: Array.from({ length: 8 }, (_, i) => 2 ** (13 + i)),
  width: [0.5, 1, 2, 4],
  grid: [5, 10, 20, 40, 80],
  order: [1, 2, 3, 4, 5, 6, 7],
};

/** Where the dense formulation is timed too; its memory grows with samples times grid. */
const AGAINST_EAGER: readonly Point[] = [
  ...SWEEPS.grid.map((grid) => ({ ...PAPER, samples: 2 ** 13, grid })),
  ...[2 ** 14, 2 ** 15].map((samples) => ({ ...PAPER, samples })),
];

/** Seconds a step: forward, loss, backward, AdamW. */
async function ours({ samples, width, grid, order }: Point, threads: number): Promise<number> {
  const layers = [48, 24, 12].map((each) => each * width);
  using network = new KAN({ encoding: 10, layers, grid, order, seed: 1 });
  // Some tenths of a second, but never so few steps that the first one counts.
  const steps = Math.max(6, Math.round((20 * 2 ** 15) / samples));
  return (await fit(network, benchmarkClip(samples), { steps, threads })).secondsPerStep;
}

/**
 * One point after the other in every round, so that a slow minute of the machine bends no curve.
 */
async function sweep(variable: keyof Point, { rounds, threads }: Settings) {
  const points = SWEEPS[variable].map((value) => ({ ...PAPER, [variable]: value }));
  const contenders = points.map((point, i) => [String(i), () => ours(point, threads)] as const);
  const seconds = await inTurn(rounds, Object.fromEntries(contenders));
  return points.map((point, i) => ({
    ...point,
    secondsPerStep: median(seconds[String(i)] as number[]),
  }));
}

async function againstEager(point: Point, { rounds, threads }: Settings) {
  const peer = await Peer.start('step.py', ['kan', 'eager', threads, 1, point.samples, point.grid]);
  const seconds = await inTurn(rounds, {
    ours: () => ours(point, threads),
    eager: async () => (await peer.round()).seconds,
  });
  peer.stop();
  const [own, eager] = [median(seconds.ours), median(seconds.eager)];
  return { ...point, secondsPerStep: { ours: own, eager }, ratio: eager / own };
}

/**
 * The slope of a line through the logarithms, by least squares: the exponent of y as a power of x.
 */
function exponent(x: readonly number[], y: readonly number[]): number {
  const [logX, logY] = [x.map(Math.log), y.map(Math.log)];
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [meanX, meanY] = [mean(logX), mean(logY)];
  const products = logX.map((each, i) => (each - meanX) * ((logY[i] as number) - meanY));
  return mean(products) / mean(logX.map((each) => (each - meanX) ** 2));
}

/**
 * How a step's time grows with samples (linear: exponent 1), widths, grid (flat: ratio 1) and
 * order.
 */
export async function kanScale(settings: Settings) {
  const { rounds, threads } = settings;
  await ours(PAPER, threads);
  const samples = await sweep('samples', settings);
  const width = await sweep('width', settings);
  const grid = await sweep('grid', settings);
  const order = await sweep('order', settings);
  const eager = [];
  for (const point of AGAINST_EAGER) eager.push(await againstEager(point, settings));

  const times = (rows: readonly { secondsPerStep: number }[]) =>
    rows.map(({ secondsPerStep }) => secondsPerStep);
  return {
    benchmark: 'kan-scale',
    rounds,
    threads,
    ...machine(),
    exponentOfSamples: exponent(SWEEPS.samples, times(samples)),
    ratioOfGrids: (times(grid).at(-1) as number) / (times(grid)[0] as number),
    rows: { samples, width, grid, order },
    eager,
  };
}
