// Compiles lib/ to dist/ (CommonJS and declarations) and writes the ES module entry beside it. The
// ES entry re-exports the CommonJS one: there is one copy of every class, however it is imported.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, require, root, run } from './steps.mjs';

await main(() => {
  const dist = join(root, 'dist');
  // tsc leaves the output of deleted sources behind.
  rmSync(dist, { recursive: true, force: true });
  rmSync(join(root, 'build', 'tsconfig.tsbuildinfo'), { force: true });
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);

  const names = Object.keys(require(join(dist, 'index.js')))
    .filter((name) => name !== 'default')
    .sort();
  writeFileSync(
    join(dist, 'index.mjs'),
    `import fewsound from './index.js';\n\nexport const {\n${names.map((name) => `  ${name},\n`).join('')}} = fewsound;\n`,
  );
  writeFileSync(join(dist, 'index.d.mts'), "export * from './index.js';\n");
  chmodSync(join(dist, 'cli', 'main.js'), 0o755);
});
