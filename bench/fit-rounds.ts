// A fit in a process of its own, which runs one timed round whenever it is told to, as the peers in
// Python do (bench/peers/rounds.py):
//
//   node fit-rounds.js KIND THREADS ROUND_STEPS
import { createInterface } from 'node:readline';
import type { InrKind } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { benchmarkClip, benchmarkNetwork } from './subjects.js';

async function main(): Promise<void> {
  const [kind, threads, steps] = process.argv.slice(2) as [InrKind, string, string];
  const clip = benchmarkClip();
  const network = benchmarkNetwork(kind);
  const round = async () =>
    (await fit(network, clip, { steps: Number(steps), threads: Number(threads) })).secondsPerStep;
  await round();
  // Of one fit: what a process holds after several depends on how they lay beside each other.
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ parameters: network.parameterCount }));
  for await (const _ of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify({ seconds: await round(), peakMiB }));
  }
}

main();
