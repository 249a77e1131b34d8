// Spoken digits by people and by machines, as two classes: node bench/synthetic-digits.mjs FSDD OUT
//
// FSDD is the folder of the Free Spoken Digit Dataset. `espeak-ng` and `flite` (packages of Debian)
// say the same ten words in several voices, speeds and pitches. So that nothing but the voice tells
// the classes apart, all recordings are brought to 8 kHz, the rate of the dataset, and silence at
// both ends is cut off: OUT/bonafide and OUT/spoof.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createClip, loadClip, writeWav } from 'fewsound';

const RATE = 8000;
/** Below this part of the peak it counts as silence. */
const SILENCE = 0.02;
const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

const product = (...lists) =>
  lists.reduce((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);

/** Programs that say a word: a name, and the arguments that write it to a file. */
const speakers = [
  ...product(
    ['en-gb', 'en-us', 'en-gb-scotland', 'en-us+f2', 'en-gb+m3'],
    [140, 175, 210],
    [30, 50, 70],
  ).map(([voice, speed, pitch]) => ({
    name: `espeak-${voice}-${speed}-${pitch}`,
    argv: (word, file) => ['espeak-ng', '-v', voice, '-s', speed, '-p', pitch, '-w', file, word],
  })),
  ...product(['kal16', 'awb', 'rms', 'slt'], [0.85, 1, 1.2], [90, 115, 150, 190]).map(
    ([voice, stretch, pitch]) => ({
      name: `flite-${voice}-${stretch}-${pitch}`,
      argv: (word, file) => [
        ...['flite', '-voice', voice, '--setf', `duration_stretch=${stretch}`],
        ...['--setf', `int_f0_target_mean=${pitch}`, '-t', word, '-o', file],
      ],
    }),
  ),
];

function trimmed(samples) {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const loud = (value) => Math.abs(value) > SILENCE * peak;
  const first = samples.findIndex(loud);
  return samples.slice(first, samples.findLastIndex(loud) + 1);
}

async function bring(from, to) {
  const clip = await loadClip(from, { sampleRate: RATE });
  await writeWav(to, createClip(trimmed(clip.samples), RATE));
}

const [real, out] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node bench/synthetic-digits.mjs FSDD OUT');
  process.exit(2);
}
for (const name of ['bonafide', 'spoof']) mkdirSync(join(out, name), { recursive: true });
const recordings = readdirSync(real).filter((name) => /^\d_.*\.wav$/.test(name));
for (const name of recordings) await bring(join(real, name), join(out, 'bonafide', basename(name)));
const scratch = mkdtempSync(join(tmpdir(), 'synthetic-digits-'));
let spoken = 0;
for (const { name, argv } of speakers) {
  for (const [digit, word] of WORDS.entries()) {
    const file = join(scratch, 'word.wav');
    const [program, ...rest] = argv(word, file).map(String);
    const { status, error, stderr } = spawnSync(program, rest);
    if (status !== 0) throw new Error(`${program} ${rest.join(' ')}: ${error ?? stderr}`);
    await bring(file, join(out, 'spoof', `${digit}_${name}_0.wav`));
    spoken += 1;
  }
}
rmSync(scratch, { recursive: true });
console.log(JSON.stringify({ bonafide: recordings.length, spoof: spoken, rate: RATE }));
