// The declarations of everything public: dist/types.d.ts holds them all, once, and each entry names
// its own. They ask nothing of the project that compiles them, neither types of Node.js or the DOM
// nor those of our dependencies, and TypeScript 5.4 can read them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { root, StepError } from './steps.mjs';

/**
 * Arrays that own their memory: since TypeScript 5.7 that is said by a type argument, which older
 * ones refuse.
 */
const OWNED_ARRAY = /\b((?:Float|Int|Uint|BigInt|BigUint)\d+(?:Clamped)?Array)<ArrayBuffer>/g;

/**
 * Bundles the declarations of the entries, such as `analysis/index`, from one folder into another.
 * Throws a StepError where they would import something.
 */
export async function bundleDeclarations(entries, from, to) {
  const input = Object.fromEntries(entries.map((entry) => [entry, join(from, `${entry}.d.ts`)]));
  const faces = new Set(Object.values(input));
  const bundle = await rollup({
    input,
    external: /^(?!\.{0,2}\/)/,
    plugins: [dts()],
    onwarn: ({ message }) => {
      throw new StepError(`${from}: ${message}`);
    },
  });
  const { output } = await bundle.generate({
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: '[name].d.ts',
    manualChunks: (file) => (faces.has(file) ? undefined : 'types'),
    minifyInternalExports: false,
  });
  for (const { fileName, code, imports } of output) {
    const foreign = imports.filter((name) => name !== 'types.d.ts');
    if (foreign.length > 0) {
      throw new StepError(
        `the public declarations name types of ${foreign.join(', ')}; give them types of their own`,
      );
    }
    writeFileSync(join(to, fileName), fileName === 'types.d.ts' ? readable(code) : code);
  }
}

function readable(code) {
  const globals = readFileSync(join(root, 'scripts', 'foreign-globals.d.ts'), 'utf8');
  const arrays = new Set();
  const text = code.replace(OWNED_ARRAY, (_, array) => {
    arrays.add(array);
    return `Owned${array}`;
  });
  const owned = [...arrays]
    .sort()
    .map((array) => `type Owned${array} = ReturnType<typeof ${array}.from>;\n`);
  return `${globals}\n${owned.join('')}\n${text}`;
}
