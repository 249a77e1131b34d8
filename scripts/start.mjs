// `npm start`: sets up what is missing and shows the main job: a KAN learns the bundled recording.
// Arguments are passed on to `fewsound fit`, so `npm start -- --steps 3000` trains for longer.
import { join } from 'node:path';
import { build } from './build.mjs';
import { main, run } from './steps.mjs';

await main(async () => {
  await build();
  const recording = join('node_modules', 'audio-lena', 'lena.wav');
  console.error(
    '\nFitting a Kolmogorov-Arnold network to the first 32,768 samples of audio-lena at 22.05 kHz\n',
  );
  run(process.execPath, [
    'dist/cli/main.js',
    'fit',
    recording,
    '--model',
    'kan',
    '--samples',
    '32768',
    '--sample-rate',
    '22050',
    '--seed',
    '1',
    '--out',
    join('fewsound-out', 'lena-kan'),
    ...process.argv.slice(2),
  ]);
});
