// The gallery of the documentation: reports of short runs of the program itself on the bundled
// recording, and a page that plays the networks that it fitted.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { digestOf, filesBelow, root, run, unlessUnchanged } from './steps.mjs';

const RECORDING = join('node_modules', 'audio-lena', 'lena.wav');
const STRETCH = ['--sample-rate', '22050', '--offset', '0.5', '--seed', '1', '--quiet'];

const DEMO_MODEL = join('models', 'demo.safetensors');

const RUNS = [
  {
    name: 'quick',
    title: 'A KAN by the recipe `quick`',
    text: 'A Kolmogorov-Arnold network learns a second and a half of the bundled recording in 2,000 steps: the waveform, the spectrogram and what is left of it, the course of the loss, where the error lies.',
    command: ['fit'],
  },
  {
    name: 'paper',
    title: 'A KAN with the settings of the paper',
    text: 'The same recording with the loss and the frequencies of the paper, after 300 steps.',
    command: ['fit', '--recipe', 'paper', '--steps', '300'],
  },
  {
    name: 'compared',
    title: 'Three networks after a hundred steps',
    text: 'What KAN, FINER and NeRF have learned after the same few steps, side by side.',
    command: ['compare', '--models', 'kan,finer,nerf', '--steps', '100'],
  },
  {
    name: 'written',
    title: 'Written by FewSound, and learned on from there',
    text: 'The demo model hears the whole recording, of which it has never heard anything, and writes a small network for each sixteenth of a second; then what 30 steps make of each of them.',
    command: ['encode', '--fit', '30'],
  },
];

/** The networks of the player's page, by what they are called there. */
const PLAYED = { 'KAN, recipe quick': 'quick', 'KAN, settings of the paper': 'paper' };

/** Makes gallery.md with what it links to, once for each build of the package. */
export async function makeGallery(folder) {
  const digest = digestOf(
    filesBelow('dist', 'scripts/docs-gallery.mjs', 'docs/site/player.html').filter(
      (file) => !file.endsWith('.map'),
    ),
  );
  const place = relative(root, folder);
  await unlessUnchanged('gallery', digest, [join(place, 'gallery.md')], () => {
    console.error('• reports for the gallery');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const {
      name,
      command: [word, ...options],
    } of RUNS) {
      const report = join(place, `report-${name}.html`);
      const args =
        word === 'encode'
          ? [DEMO_MODEL, RECORDING, '--quiet', '--report', report, '--out', join(place, 'written')]
          : [RECORDING, ...STRETCH, '--out', join(place, name)];
      run(process.execPath, [join('dist', 'cli', 'main.js'), word, ...args, ...options], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      if (word !== 'encode') copyFileSync(join(place, name, 'report.html'), report);
    }
    writeFileSync(join(folder, 'player.html'), playerPage(folder));
    writeFileSync(join(folder, 'gallery.md'), galleryText());
  });
}

const LEARNED = ['lena.wav', '--sample-rate 22050', '--offset 0.5'];
const WRITTEN = ['lena.wav', '--report lena.html'];

function galleryText() {
  const reports = RUNS.map(({ name, title, text, command: [word, ...options] }) =>
    [
      `## ${title}`,
      `${text} [**Open the report**](report-${name}.html)`,
      [
        '```sh',
        ['npx fewsound', word, ...(word === 'encode' ? WRITTEN : LEARNED), ...options].join(' '),
        '```',
      ].join('\n'),
    ].join('\n\n'),
  );
  return [
    '# Gallery',
    'Reports as the program writes them, one file each, with players in them, made when this site was built; and a page that computes the sound of a network while you move its rate and zoom.',
    '## Play a network\n\nNothing to install: [**open the player**](player.html), and hear and see a KAN between its samples. It is `fewsound/player` on a page, and opens model files of your own.',
    ...reports,
    '',
  ].join('\n\n');
}

/** One file that opens from disk: the page with the player and the networks in it. */
function playerPage(folder) {
  const base64 = (path) => readFileSync(path).toString('base64');
  const models = Object.entries(PLAYED).map(([title, name]) => ({
    title,
    model: base64(join(folder, name, 'model.safetensors')),
  }));
  const player = base64(join(root, 'dist', 'player', 'browser.mjs'));
  return readFileSync(join(root, 'docs', 'site', 'player.html'), 'utf8')
    .replace('PLAYER_MODULE', () => `data:text/javascript;base64,${player}`)
    .replace('[/* MODELS */]', () => JSON.stringify(models));
}
