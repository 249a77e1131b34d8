import { inrKinds } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { machine } from './measure.js';
import { benchmarkClip, benchmarkNetwork } from './subjects.js';

/** Of a fit in paper 1's Table 1. */
const PAPER_STEPS = 10_000;

/**
 * How long one clip of paper 1's Table 1 takes, all six networks at 10,000 steps, told from so many
 * steps of each (`--steps 10000`: seen in full).
 */
export async function table1Time({ threads, steps }: { threads: number; steps: number }) {
  const clip = benchmarkClip();
  const seconds: Record<string, number> = {};
  for (const kind of inrKinds) {
    using network = benchmarkNetwork(kind);
    const { secondsPerStep } = await fit(network, clip, { steps, threads });
    seconds[kind] = secondsPerStep * PAPER_STEPS;
  }
  const minutes = Object.values(seconds).reduce((sum, each) => sum + each, 0) / 60;
  return { benchmark: 'table1-time', threads, steps, ...machine(), seconds, minutes };
}
