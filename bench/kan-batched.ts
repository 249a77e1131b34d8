import { KAN, timeAxis } from '../lib/nn/index.js';
import { gradients, ops, scope, setThreads } from '../lib/tensor/index.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';

const NETWORKS = 16;
const SAMPLES = 8192;

/**
 * What a hypernetwork needs of its targets: the amplitudes of 16 KANs with weights of their own,
 * and the gradients of all these weights. Peer: the dense formulation in PyTorch, eager, by
 * torch.bmm.
 */
export async function kanBatched({ rounds, threads }: { rounds: number; threads: number }) {
  setThreads(threads);
  using network = new KAN({ encoding: 10, layers: [48, 24, 12], grid: 10, order: 2, seed: 1 });
  using t = timeAxis(SAMPLES);
  const weights = new Map(
    network.weightLayout().map(({ name, shape }) => {
      const weight = ops.randn([NETWORKS, ...shape]).mul_(0.1);
      weight.requiresGrad = true;
      return [name, weight] as const;
    }),
  );
  const step = () =>
    scope(() => {
      const objective = network.forward(t, weights).square().mean();
      gradients(objective, [...weights.values()]);
    });
  const ours = async (steps: number) => {
    const start = performance.now();
    for (let i = 0; i < steps; i++) step();
    return (performance.now() - start) / 1000 / steps;
  };
  await ours(3);

  const peer = await Peer.start('batched.py', [threads, 1, NETWORKS, SAMPLES]);
  const seconds = await inTurn(rounds, {
    ours: () => ours(10),
    eager: async () => (await peer.round()).seconds,
  });
  peer.stop();
  const [own, eager] = [median(seconds.ours), median(seconds.eager)];
  for (const weight of weights.values()) weight.dispose();
  return {
    benchmark: 'kan-batched',
    networks: NETWORKS,
    samples: SAMPLES,
    parameters: NETWORKS * network.parameterCount,
    rounds,
    threads,
    ...machine(),
    torch: peer.facts.torch,
    secondsPerStep: { ours: own, eager },
    ratios: { eager: eager / own },
  };
}
