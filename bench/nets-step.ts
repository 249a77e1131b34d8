import { type InrKind, inrKinds } from '../lib/nn/index.js';
import { measurePeak, type Peak, stepFloor } from './floor.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';
import { benchmarkNetwork } from './subjects.js';

const SAMPLES = 32_768;

/** Some tenths of a second each. */
const ROUND_STEPS = { ours: { kan: 30, other: 8 }, peers: { kan: 1, other: 2 } } as const;

/**
 * One whole optimization step of every network (paper 1's sizes, 32,768 samples): forward, loss,
 * backward, AdamW. Peers: the same in PyTorch, eager and compiled, a KAN in the dense formulation.
 * Each runs in a process of its own, in turn, whose peak memory stands beside.
 *
 * @param kinds default: all
 */
export async function netsStep(
  { rounds, threads }: { rounds: number; threads: number },
  ...kinds: InrKind[]
) {
  const peak = measurePeak(threads);
  const networks: Record<string, Awaited<ReturnType<typeof stepOf>>> = {};
  for (const kind of kinds.length > 0 ? kinds : inrKinds)
    networks[kind] = await stepOf(kind, peak, { rounds, threads });
  const each = (figure: (network: Awaited<ReturnType<typeof stepOf>>) => number) =>
    Object.fromEntries(Object.entries(networks).map(([kind, row]) => [kind, figure(row)]));
  return {
    benchmark: 'nets-step',
    samples: SAMPLES,
    rounds,
    threads,
    ...machine(),
    ...peak,
    ratios: {
      ...each(({ secondsPerStep: { ours, eager } }) => eager / ours),
      compiled: each(({ secondsPerStep: { ours, compiled } }) => compiled / ours),
      floor: each(({ floor }) => floor.timesFloor),
    },
    networks,
  };
}

async function stepOf(
  kind: InrKind,
  peak: Peak,
  { rounds, threads }: { rounds: number; threads: number },
) {
  const size = kind === 'kan' ? 'kan' : 'other';
  const peerSteps = ROUND_STEPS.peers[size];
  const contenders = {
    ours: await Peer.startFit([kind, threads, ROUND_STEPS.ours[size]]),
    eager: await Peer.start('step.py', [kind, 'eager', threads, peerSteps]),
    compiled: await Peer.start('step.py', [kind, 'compiled', threads, peerSteps]),
  };
  const peakMiB = { ours: 0, eager: 0, compiled: 0 };
  const round = (name: keyof typeof contenders) => async () => {
    const { seconds, peakMiB: own } = await contenders[name].round();
    peakMiB[name] = own;
    return seconds;
  };
  const seconds = await inTurn(rounds, {
    ours: round('ours'),
    eager: round('eager'),
    compiled: round('compiled'),
  });
  for (const contender of Object.values(contenders)) contender.stop();
  const secondsPerStep = {
    ours: median(seconds.ours),
    eager: median(seconds.eager),
    compiled: median(seconds.compiled),
  };
  using network = benchmarkNetwork(kind);
  return {
    parameters: network.parameterCount,
    torch: contenders.eager.facts.torch,
    secondsPerStep,
    peakMiB,
    floor: stepFloor(network, SAMPLES, peak, secondsPerStep.ours),
  };
}
