import { KAN } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
import { machine } from './measure.js';
import { benchmarkClip } from './subjects.js';

/** Between two readings of the resident memory, ms. */
const INTERVAL = 1000;
/** Growth is counted from here on: by then every buffer has been made. */
const SETTLED = 1000;
/** Parts of the way at which the resident memory is shown. */
const MARKS = [0.1, 0.5, 1] as const;

interface Reading {
  readonly step: number;
  readonly residentMiB: number;
}

/**
 * Peak resident memory of a process that fits the paper's KAN, LibTorch and Node.js included, and
 * by how much it grows from step 1000 (for shorter fits: from halfway) to the end. `nets-step` has the
 * peaks of PyTorch's processes.
 */
export async function kanMemory({ threads, steps }: { threads: number; steps: number }) {
  const readings = await readingsOfFit(threads, steps);
  // The kernel's own mark, before anything else runs in this process.
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  const settled = readingAt(readings, Math.min(SETTLED, steps / 2));
  const end = readingAt(readings, steps);
  return {
    benchmark: 'kan-memory',
    ...machine(),
    threads,
    steps,
    peakMiB,
    resident: Object.fromEntries(
      MARKS.map((part) => [`${part * 100} %`, readingAt(readings, part * steps)]),
    ),
    growth: {
      fromStep: settled.step,
      toStep: end.step,
      mebibytes: end.residentMiB - settled.residentMiB,
      highestMiB: Math.max(
        ...readings
          .filter(({ step }) => step >= settled.step)
          .map(({ residentMiB }) => residentMiB - settled.residentMiB),
      ),
    },
  };
}

/** Fits, and reads the resident memory about once a second and after the last step. */
async function readingsOfFit(threads: number, steps: number): Promise<Reading[]> {
  const readings: Reading[] = [];
  const network = new KAN({ order: 2, seed: 1 });
  let due = 0;
  await fit(network, benchmarkClip(), {
    steps,
    threads,
    onProgress: ({ step, secondsElapsed }) => {
      if (secondsElapsed * 1000 < due && step < steps) return;
      due = secondsElapsed * 1000 + INTERVAL;
      readings.push({ step, residentMiB: process.memoryUsage.rss() / 2 ** 20 });
    },
  });
  network.dispose();
  return readings;
}

/** The first reading at or after a step. */
function readingAt(readings: readonly Reading[], step: number): Reading {
  const found = readings.find((reading) => reading.step >= step);
  if (found === undefined) throw new Error(`no reading of the memory at step ${step}`);
  return found;
}
