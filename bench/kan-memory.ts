import { KAN } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { machine } from './measure.js';
import { benchmarkClip } from './signal.js';

/** Peak resident memory of a process that fits the paper's KAN, LibTorch and Node.js included. */
export async function kanMemory({ threads }: { threads: number }) {
  const network = new KAN({ order: 2, seed: 1 });
  const halfway: number[] = [];
  await fit(network, benchmarkClip(), {
    steps: 300,
    threads,
    onProgress: ({ step }) => {
      if (step <= 150) halfway[0] = process.memoryUsage.rss() / 2 ** 20;
    },
  });
  return {
    benchmark: 'kan-memory',
    ...machine(),
    threads,
    steps: 300,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    growthInSecondHalfMiB: process.memoryUsage.rss() / 2 ** 20 - (halfway[0] ?? Number.NaN),
  };
}
