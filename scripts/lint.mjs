// Formatting and lint of everything, in one command.
//
//   node scripts/lint.mjs            checks
//   node scripts/lint.mjs --fix      formats and mends what can be mended
//   node scripts/lint.mjs --quick    leaves out knip, clang-format and clang-tidy
//
// clang-tidy looks at what changed since it was clean, by scripts/clang-tidy-clean.json: commit
// that with your change.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cppTools } from './cpp-tools.mjs';
import { lintCpp } from './lint-cpp.mjs';
import { filesBelow, main, root, run, StepError } from './steps.mjs';

const fix = process.argv.includes('--fix');
const quick = process.argv.includes('--quick');
const built = existsSync(join(root, 'build', 'compile_commands.json'));
const bin = (name) => join('node_modules', '.bin', name);
const cppFiles = filesBelow('native', 'binding', 'test/native', 'bench/native', 'cmake').filter(
  (file) => /\.(h|cc|cu|cuh)$/.test(file),
);

/** Fails where a file of native/ holds `pattern`. */
function coreHasNo(pattern, rule, except = []) {
  const offenders = filesBelow('native')
    .filter((file) => pattern.test(readFileSync(file, 'utf8')))
    .map((file) => relative(root, file))
    .filter((file) => !except.includes(file));
  if (offenders.length > 0) throw new StepError(`${rule}:\n  ${offenders.join('\n  ')}`);
}

await main(async () => {
  console.error('• biome');
  run(bin('biome'), ['check', '--error-on-warnings', ...(fix ? ['--write'] : [])]);

  console.error('• dependency directions');
  run(bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'lib']);
  coreHasNo(/napi\.h|node_api\.h/, "native/ must not include Node's headers");
  coreHasNo(
    /at::parallel_(for|reduce)\(|#pragma omp (?!simd)/,
    'parallel loops go through parallelFor, where ThreadSanitizer can follow them',
    ['native/parallel_for.h'],
  );

  if (built) {
    console.error('• operator declarations');
    run(process.execPath, ['scripts/generate-declarations.mjs', ...(fix ? [] : ['--check'])]);
  }
  if (quick) return;

  console.error('• unused exports, files and dependencies');
  run(bin('knip'), []);

  console.error('• clang-format');
  const tools = await cppTools();
  run(tools.clangFormat, [...(fix ? ['-i'] : ['--dry-run', '--Werror']), ...cppFiles]);
  if (built) {
    console.error('• clang-tidy');
    await lintCpp(tools.clangTidy, tools.clangTidyVersion);
  } else {
    console.error(
      '• operator declarations and clang-tidy: left out, they need the native build (npm run build)',
    );
  }
});
