// Ends of the process in the middle of a fit: by process.exit, by an error that nobody catches, and
// by process.exit while a worker thread fits.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createClip, fit, KAN } from 'fewsound';
import { tone } from './tone.cjs';

function learnForLong(onProgress) {
  return fit(new KAN({ seed: 1 }), createClip(tone, 8000), { steps: 1_000_000, onProgress });
}

const ends = {
  exit: () => learnForLong(() => process.exit(7)),
  error: () =>
    learnForLong(() =>
      setImmediate(() => {
        throw new Error('on purpose');
      }),
    ),
  worker: () => new Worker(new URL(import.meta.url)).once('message', () => process.exit(7)),
};

if (isMainThread) await ends[process.argv[2]]();
else await learnForLong(({ step }) => parentPort.postMessage(step));
