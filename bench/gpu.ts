import { KAN } from '../lib/nn/index.js';
import type { Device } from '../lib/tensor/index.js';
import { fit, fitAll } from '../lib/train/index.js';
import { inTurn, machine, median } from './measure.js';
import { Peer } from './peer.js';
import { benchmarkClip } from './subjects.js';

// What only a GPU can be asked. `--device cpu` runs the same, slowly, to see that it runs.

interface Settings {
  rounds: number;
  steps: number;
  threads: number;
  device: Device;
}

/** The paper's KAN of 33,768 parameters. */
function paperKan(device: Device, seed = 1): KAN {
  return new KAN({ encoding: 10, layers: [48, 24, 12], grid: 10, order: 2, seed, device });
}

/**
 * One whole optimization step on a GPU, ours against the dense formulation in PyTorch, eager and
 * compiled, there.
 */
export async function gpuStep({ rounds, threads, device }: Settings) {
  const clip = benchmarkClip();
  using network = paperKan(device);
  const ours = async () =>
    (await fit(network, clip, { steps: device === 'cpu' ? 50 : 2000, threads })).secondsPerStep;
  await ours();
  const peer = (model: string, mode: string, steps: number) =>
    Peer.start('step.py', [model, mode, threads, steps, clip.length, 10, device]);
  const steps = device === 'cpu' ? 1 : 100;
  const eager = await peer('kan', 'eager', steps);
  const compiled = await peer('kan', 'compiled', steps);
  const mlp = await peer('nerf', 'eager', steps);
  const seconds = await inTurn(rounds, {
    ours,
    eager: async () => (await eager.round()).seconds,
    compiled: async () => (await compiled.round()).seconds,
    mlp: async () => (await mlp.round()).seconds,
  });
  for (const each of [eager, compiled, mlp]) each.stop();
  const own = median(seconds.ours);
  const secondsPerStep = {
    ours: own,
    eager: median(seconds.eager),
    compiled: median(seconds.compiled),
    mlp: median(seconds.mlp),
  };
  return {
    benchmark: 'gpu-step',
    device,
    gpu: eager.facts.gpu,
    parameters: network.parameterCount,
    samples: clip.length,
    rounds,
    ...machine(),
    torch: eager.facts.torch,
    secondsPerStep,
    ratios: {
      eager: secondsPerStep.eager / own,
      compiled: secondsPerStep.compiled / own,
      mlp: secondsPerStep.mlp / own,
    },
  };
}

/** A whole fit of 1.5 s of audio, from a new network to the last step. */
export async function gpuFit({ rounds, steps, threads, device }: Settings) {
  const clip = benchmarkClip();
  const seconds: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    using network = paperKan(device, round);
    const start = performance.now();
    await fit(network, clip, { steps, threads });
    // The first round also pays for what the process sets up once.
    if (round > 0) seconds.push((performance.now() - start) / 1000);
  }
  return { benchmark: 'gpu-fit', device, steps, rounds, ...machine(), seconds: median(seconds) };
}

/** The paper's Table 1 in one call: 110 clips of 1.5 s, a network each, all in one loop. */
export async function gpuClips({ steps, threads, device }: Settings) {
  const clips = Array.from({ length: device === 'cpu' ? 2 : 110 }, () => benchmarkClip());
  const start = performance.now();
  const fitted = await fitAll(clips, {
    steps,
    threads,
    network: (index) => paperKan(device, index),
  });
  const seconds = (performance.now() - start) / 1000;
  for (const { network } of fitted) network.dispose();
  return { benchmark: 'gpu-clips', device, clips: clips.length, steps, ...machine(), seconds };
}
