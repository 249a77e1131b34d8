// The page of `fewsound studio`: its types are checked, and it is bundled with the libraries that
// it draws with, so that it asks no other server for anything.
import { copyFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { main, root, run, StepError } from './steps.mjs';

const source = join(root, 'lib', 'studio', 'page');

/** Bytes of all its files; what is larger has something in it that nobody meant. */
const MOST_BYTES = 400_000;

/** @param {string} folder where the files of the page go */
export async function bundlePage(folder) {
  run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', source]);
  await build({
    entryPoints: [join(source, 'main.tsx')],
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'inline',
    logLevel: 'warning',
  });
  copyFileSync(join(source, 'index.html'), join(folder, 'index.html'));
  const bytes = readdirSync(folder).reduce(
    (sum, name) => sum + statSync(join(folder, name)).size,
    0,
  );
  if (bytes > MOST_BYTES) {
    throw new StepError(`the page has ${bytes} bytes; expected up to ${MOST_BYTES}`);
  }
  console.error(`page of the studio: ${Math.round(bytes / 1000)} kB`);
}

if (import.meta.filename === process.argv[1]) {
  await main(() => bundlePage(join(root, 'dist', 'studio', 'page')));
}
