// Compiles lib/ to dist/ (CommonJS, and one file of declarations) and writes the ES module entries
// beside it. An ES entry re-exports the CommonJS one: there is one copy of every class, however it
// is imported. What runs in browsers is bundled: the player and the page of the studio.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundlePlayer, bundleStudio } from './bundles.mjs';
import { bundleDeclarations } from './declarations.mjs';
import { main, require, root, run } from './steps.mjs';

const tsc = join('node_modules', 'typescript', 'bin', 'tsc');

/** The entries that package.json exports, `dist/analysis/index` for `fewsound/analysis`. */
function packageEntries() {
  const { exports } = require('../package.json');
  return Object.values(exports).flatMap(({ node, require: entry = node?.require }) =>
    entry === undefined ? [] : [entry.default.replace(/\.js$/, '')],
  );
}

await main(async () => {
  const dist = join(root, 'dist');
  const declarations = join(root, 'build', 'declarations');
  // tsc leaves the output of deleted sources behind.
  for (const old of [dist, declarations, join(root, 'build', 'tsconfig.tsbuildinfo')]) {
    rmSync(old, { recursive: true, force: true });
  }
  run(process.execPath, [tsc, '-p', 'tsconfig.json', '--declarationDir', declarations]);

  const entries = packageEntries();
  for (const entry of entries) {
    const module = `./${basename(entry)}.js`;
    const names = Object.keys(require(join(root, `${entry}.js`)))
      .filter((name) => name !== 'default')
      .sort();
    writeFileSync(
      join(root, `${entry}.mjs`),
      `import fewsound from '${module}';\n\nexport const {\n${names.map((name) => `  ${name},\n`).join('')}} = fewsound;\n`,
    );
    writeFileSync(join(root, `${entry}.d.mts`), `export * from '${module}';\n`);
  }
  await bundleDeclarations(
    entries.map((entry) => entry.replace(/^\.\/dist\//, '')),
    declarations,
    dist,
  );
  await bundlePlayer(join(dist, 'player', 'browser.mjs'));
  await bundleStudio(join(dist, 'studio', 'page'));
  chmodSync(join(dist, 'cli', 'main.js'), 0o755);
});
