// Logs and a corpus that nobody closes are collected: newer versions of Node.js end a process whose
// files are. Run with --expose-gc; makes the folder that it is given.
import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { MetricsLog, TensorBoardWriter, writeWav } from 'fewsound';
import { openCorpus, prepareCorpus } from 'fewsound/data';
import { tone } from './tone.cjs';

await mkdir('recordings', { recursive: true });
for (const name of ['one', 'two', 'three']) {
  await writeWav(`recordings/${name}.wav`, { samples: tone, sampleRate: 8000 });
}
const [corpus, out] = ['folder', process.argv[2]];
const form = { sampleRate: 8000, skipSeconds: 0, segmentSamples: 1024, validationFraction: 0.4 };
await prepareCorpus({ corpus, folder: 'recordings', out, workers: 0, ...form });

async function forget() {
  await (await MetricsLog.create(`${out}/metrics.jsonl`)).append({
    kind: 'step',
    step: 1,
    loss: 1,
  });
  await (await TensorBoardWriter.open(out)).scalars(1, { loss: 1 });
  return (await openCorpus(out)).train.read(0);
}
const { length } = await forget();
for (let turn = 0; turn < 5; turn += 1) {
  await setTimeout(20);
  globalThis.gc();
}
console.log(length);
