// Compiles lib/ to dist/ (CommonJS, and one file of declarations) and writes the ES module entry
// beside it. The ES entry re-exports the CommonJS one: there is one copy of every class, however it
// is imported.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleDeclarations } from './declarations.mjs';
import { main, require, root, run } from './steps.mjs';

await main(async () => {
  const dist = join(root, 'dist');
  const declarations = join(root, 'build', 'declarations');
  // tsc leaves the output of deleted sources behind.
  for (const old of [dist, declarations, join(root, 'build', 'tsconfig.tsbuildinfo')]) {
    rmSync(old, { recursive: true, force: true });
  }
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '-p', 'tsconfig.json', '--declarationDir', declarations]);

  const names = Object.keys(require(join(dist, 'index.js')))
    .filter((name) => name !== 'default')
    .sort();
  writeFileSync(
    join(dist, 'index.mjs'),
    `import fewsound from './index.js';\n\nexport const {\n${names.map((name) => `  ${name},\n`).join('')}} = fewsound;\n`,
  );
  await bundleDeclarations(join(declarations, 'index.d.ts'), join(dist, 'index.d.ts'));
  writeFileSync(join(dist, 'index.d.mts'), "export * from './index.js';\n");
  chmodSync(join(dist, 'cli', 'main.js'), 0o755);
});
