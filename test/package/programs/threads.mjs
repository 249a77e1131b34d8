// A worker thread learns; another is terminated in the middle of a fit, and the process goes on.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createClip, fit, KAN } from 'fewsound';
import { tone } from './tone.cjs';

async function learn(steps, onProgress) {
  const kan = new KAN({ order: 2, seed: 1 });
  const { losses } = await fit(kan, createClip(tone, 8000), { steps, threads: 1, onProgress });
  return [...losses];
}

/** A worker that fits for so many steps, and the first message that it posts. */
function started(steps) {
  const worker = new Worker(new URL(import.meta.url), { workerData: steps });
  const first = new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { worker, first };
}

if (isMainThread) {
  const inThread = await started(3).first;
  const { worker, first } = started(1_000_000);
  await first;
  await worker.terminate();
  console.log(JSON.stringify({ inThread, after: await learn(3) }));
} else if (workerData > 3) {
  await learn(workerData, ({ step }) => parentPort.postMessage(step));
} else {
  parentPort.postMessage(await learn(workerData));
}
