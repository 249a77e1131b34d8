// dist/index.d.ts: the declarations of everything public in one file that asks nothing of the
// project which compiles it, neither types of Node.js or the DOM nor those of our dependencies, and
// that TypeScript 5.4 can read.
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
 * Puts the declarations below `entry` into one file. Throws a StepError where they would import
 * something.
 */
export async function bundleDeclarations(entry, target) {
  const bundle = await rollup({
    input: entry,
    external: /^(?!\.{0,2}\/)/,
    plugins: [dts()],
    onwarn: ({ message }) => {
      throw new StepError(`${entry}: ${message}`);
    },
  });
  const { output } = await bundle.generate({ format: 'es' });
  const [{ code, imports }] = output;
  if (imports.length > 0) {
    throw new StepError(
      `the public declarations name types of ${imports.join(', ')}; give them types of their own`,
    );
  }
  const globals = readFileSync(join(root, 'scripts', 'foreign-globals.d.ts'), 'utf8');
  const arrays = new Set();
  const readable = code.replace(OWNED_ARRAY, (_, array) => {
    arrays.add(array);
    return `Owned${array}`;
  });
  const owned = [...arrays]
    .sort()
    .map((array) => `type Owned${array} = ReturnType<typeof ${array}.from>;\n`);
  writeFileSync(target, `${globals}\n${owned.join('')}\n${readable}`);
}
