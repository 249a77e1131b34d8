import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FewSoundError } from '../../errors.js';
import { makeFolder, writeFileAtomic } from '../../files.js';
import { defineCommand } from '../command.js';
import { argument } from '../flags/parsers.js';
import { packageVersion } from '../machine.js';
import { prettyJson } from '../runs/folder.js';

export const init = defineCommand({
  description:
    'Writes a small TypeScript project into an empty or new folder: a program that fits a network to a recording, and what it takes to run it.',
  examples: ['fewsound init my-sounds', 'fewsound init'],
  inputs: { folder: argument('[folder]', 'where it goes; default: the current folder') },
  async run({ folder = '.' }) {
    const path = resolve(folder);
    await requireEmpty(path);
    const names = Object.keys(FILES) as (keyof typeof FILES)[];
    for (const name of names) {
      await makeFolder(dirname(join(path, name)), { field: 'folder' });
      await writeFileAtomic(join(path, name), FILES[name](path));
    }
    const there = path === process.cwd() ? '' : `cd ${folder} && `;
    return {
      json: { folder: path, files: names },
      text: [
        `A project in ${path}: ${names.join(', ')}`,
        '',
        `  ${there}npm install`,
        '  npx fewsound setup           # LibTorch, once for every project',
        '  npm start                    # fits a network to a made-up sound; npm start -- speech.flac',
      ].join('\n'),
    };
  },
});

/** @throws FewSoundError INVALID_ARGUMENT for a folder that holds something, IO for a file */
async function requireEmpty(path: string): Promise<void> {
  const names = await readdir(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new FewSoundError('IO', `${path} cannot be read as a folder: ${cause.message}.`, {
      field: 'folder',
      cause,
    });
  });
  // A fresh repository counts as empty.
  const [first] = names.filter((name) => name !== '.git');
  if (first === undefined) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${path} is not empty (${first}). Name a new folder: fewsound init FOLDER.`,
    { field: 'folder' },
  );
}

/** The files of the project, by what each is made of. */
const FILES = {
  'package.json': (path: string) =>
    prettyJson({
      name: projectName(path),
      version: '1.0.0',
      private: true,
      type: 'module',
      scripts: { start: 'tsc && node dist/main.js', check: 'tsc --noEmit' },
      dependencies: { fewsound: `^${packageVersion()}` },
      devDependencies: { '@types/node': '^20.0.0', typescript: '^5.9.0' },
    }),
  'tsconfig.json': () =>
    prettyJson({
      compilerOptions: {
        ...{ target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true },
        ...{ types: ['node'], rootDir: 'src', outDir: 'dist' },
      },
      include: ['src'],
    }),
  '.gitignore': () => 'node_modules/\ndist/\n*.safetensors\n*.wav\n',
  'src/main.ts': () => PROGRAM,
} as const;

/** As npm allows names: the folder's in small letters, or a plain one. */
function projectName(path: string): string {
  const name = basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' || name === 'fewsound' ? 'my-sounds' : name;
}

const PROGRAM = `// A Kolmogorov-Arnold network learns a recording, and plays it at another rate.
//
//   npm start                     a made-up sound
//   npm start -- speech.flac      a recording of yours: wav, flac, mp3, ogg, opus
//   npm start -- speech.flac 3000 for so many steps
import { createClip, evaluate, fit, loadClip, writeWav } from 'fewsound';

const [path, steps = '1000'] = process.argv.slice(2);
const sampleRate = 22_050;

const clip = path === undefined ? madeUp() : await loadClip(path, { sampleRate, samples: 32_768 });
const { network } = await fit(clip, {
  recipe: 'quick',
  steps: Number(steps),
  onProgress: ({ step, loss }) => {
    if (step % 100 === 0) console.log(\`step \${step}, loss \${loss.toFixed(4)}\`);
  },
});

console.log(\`\${network.parameterCount} numbers hold \${clip.length} samples:\`);
console.table(await evaluate(clip, network.render(clip.length)));

// The network is continuous in time: any stretch at any rate.
const samples = network.render({ sampleRate: 48_000 });
await writeWav('rendered.wav', { channels: [samples], sampleRate: 48_000 });
await network.save('network.safetensors');
network.dispose();
console.log('Written: rendered.wav, network.safetensors');

/** A second of a rising tone with an overtone. */
function madeUp() {
  const samples = Float32Array.from({ length: sampleRate }, (_, i) => {
    const t = i / sampleRate;
    const phase = 2 * Math.PI * (200 * t + 150 * t * t);
    return Math.exp(-2 * t) * (0.6 * Math.sin(phase) + 0.3 * Math.sin(2 * phase));
  });
  return createClip(samples, sampleRate);
}
`;
