// What runs in browsers: types are checked, and each is bundled with all that it uses, so that it asks
// no server for anything else.
import { copyFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root, run, StepError } from './steps.mjs';

/** Bytes of all files of the studio's page; what is larger has something in it that nobody meant. */
const MOST_BYTES = 180_000;

const asked = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022'],
  legalComments: 'inline',
  logLevel: 'warning',
};

function checkTypes(config) {
  run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', config]);
}

/**
 * `fewsound/player` as one small file for pages and AudioWorklets. tsconfig.player.json checks it
 * without the types of Node.js and the DOM.
 *
 * @param {string} file
 */
export async function bundlePlayer(file) {
  checkTypes('tsconfig.player.json');
  const entry = join(root, 'lib', 'player', 'index.ts');
  await build({ ...asked, entryPoints: [entry], outfile: file });
}

/**
 * The page of `fewsound studio` with the libraries that it draws with.
 *
 * @param {string} folder where its files go
 */
export async function bundleStudio(folder) {
  const source = join(root, 'lib', 'studio', 'page');
  checkTypes(source);
  rmSync(folder, { recursive: true, force: true });
  await build({
    ...asked,
    entryPoints: [join(source, 'main.tsx')],
    outdir: folder,
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  copyFileSync(join(source, 'index.html'), join(folder, 'index.html'));
  const bytes = readdirSync(folder).reduce(
    (sum, name) => sum + statSync(join(folder, name)).size,
    0,
  );
  if (bytes > MOST_BYTES) {
    throw new StepError(`the page has ${bytes} bytes; expected up to ${MOST_BYTES}`);
  }
}
