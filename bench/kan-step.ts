import { KAN } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { kanFloor, measurePeak } from './floor.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';
import { benchmarkClip } from './signal.js';

/**
 * One whole optimization step of the paper's KAN (33,768 parameters, 32,768 samples): forward,
 * loss, backward, AdamW. Peers: the dense formulation in PyTorch, eager and compiled, and an MLP of
 * equal size.
 */
export async function kanStep({ rounds, threads }: { rounds: number; threads: number }) {
  const clip = benchmarkClip();
  const layers = [48, 24, 12];
  const network = new KAN({ encoding: 10, layers, grid: 10, order: 2, seed: 1 });
  // Enough steps that the first ones, which touch memory for the first time, do not weigh in: the
  // peers are warm too.
  const ours = async () => (await fit(network, clip, { steps: 100, threads })).secondsPerStep;
  await ours();

  const eager = await Peer.start('step.py', ['kan', 'eager', threads, 1]);
  const compiled = await Peer.start('step.py', ['kan', 'compiled', threads, 3]);
  const mlp = await Peer.start('step.py', ['mlp', 'eager', threads, 5]);
  const seconds = await inTurn(rounds, {
    ours,
    eager: async () => (await eager.round()).seconds,
    compiled: async () => (await compiled.round()).seconds,
    mlp: async () => (await mlp.round()).seconds,
  });
  for (const peer of [eager, compiled, mlp]) peer.stop();

  const own = median(seconds.ours);
  const parameters = network.parameterCount;
  const size = { widths: [20, ...layers, 1], order: 2, samples: clip.length, parameters };
  return {
    benchmark: 'kan-step',
    parameters,
    samples: clip.length,
    rounds,
    threads,
    ...machine(),
    torch: eager.facts.torch,
    secondsPerStep: {
      ours: own,
      eager: median(seconds.eager),
      compiled: median(seconds.compiled),
      mlp: median(seconds.mlp),
    },
    ratios: {
      eager: median(seconds.eager) / own,
      compiled: median(seconds.compiled) / own,
      mlp: median(seconds.mlp) / own,
    },
    floor: kanFloor(size, measurePeak(threads), own),
  };
}
