// What takes programs, WebAssembly and threads of its own: decoders, worker programs, files.
import { readAudio, writeWav } from 'fewsound';
import { crossValidateSvm } from 'fewsound/analysis';
import { tone } from './tone.cjs';

await writeWav('tone.wav', { samples: tone, sampleRate: 8000 });
const rows = Array.from({ length: 40 }, (_, i) => [(i % 2) + Math.sin(i), i % 3]);
const labels = rows.map((_, i) => i % 2);
const options = { folds: 4, workers: 2 };
const { predicted } = await crossValidateSvm(rows, labels, ['even', 'odd'], options);
const read = [];
for (const path of process.argv.slice(2)) {
  const { format, channels, sampleRate } = await readAudio(path);
  read.push([format, channels.length, sampleRate]);
}
console.log(JSON.stringify({ predicted: predicted.length, read }));
