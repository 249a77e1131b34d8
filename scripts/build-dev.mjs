// Compiles everything that is written in TypeScript and not part of the package (conformance
// checks, benchmarks, examples) to build/dev.
import { capture, digestOf, filesBelow, StepError, unlessUnchanged } from './steps.mjs';

const SOURCES = ['lib', 'test', 'bench', 'examples', 'tsconfig.json', 'tsconfig.dev.json'];

export async function buildDevelopment() {
  const sources = filesBelow(...SOURCES).filter((file) => /\.(ts|json)$/.test(file));
  await unlessUnchanged('development', digestOf(sources), ['build/dev'], async () => {
    console.error('• conformance checks, benchmarks, examples');
    const { status, output } = await capture(process.execPath, [
      'node_modules/typescript/bin/tsc',
      '-p',
      'tsconfig.dev.json',
    ]);
    if (status !== 0) throw new StepError(output);
  });
}
