import type Module from 'node:module';
import { runInThisContext } from 'node:vm';
import { FewSoundError } from '../errors.js';

/** What is left to libraries: the codecs whose packets we do not decode ourselves. */
const libraries = {
  mp3: () => import('mpg123-decoder'),
  vorbis: () => import('@wasm-audio-decoders/ogg-vorbis'),
  opus: () => import('@audio/decode-opus/core'),
};
const names: Record<keyof typeof libraries, string> = {
  mp3: 'mpg123-decoder',
  vorbis: '@wasm-audio-decoders/ogg-vorbis',
  opus: '@audio/decode-opus/core',
};

type Library<Codec extends keyof typeof libraries> = Awaited<ReturnType<(typeof libraries)[Codec]>>;

/**
 * Loads the decoder of a codec. They are ES modules and WebAssembly. Jest runs modules in a context
 * of its own, where `import()` of an ES module is an error without a flag for Node, and where
 * WebAssembly gives arrays of another realm than the decoders expect; there, Node's own loader is
 * asked for them.
 *
 * @internal
 * @throws FewSoundError INTERNAL when it cannot be loaded or does not start
 */
export async function startDecoder<Codec extends keyof typeof libraries, Decoder>(
  codec: Codec,
  start: (library: Library<Codec>) => Promise<Decoder>,
): Promise<Decoder> {
  try {
    const library =
      runInThisContext('Function') === Function ? libraries[codec] : () => natively(names[codec]);
    return await start((await library()) as Library<Codec>);
  } catch (error) {
    throw new FewSoundError(
      'INTERNAL',
      `the ${codec} decoder (${names[codec]}) did not start (${error}). Install the ` +
        'dependencies of fewsound again, or convert the file to wav.',
      { cause: error },
    );
  }
}

/**
 * Runs a decoder that writes what it finds wrong to the console as well, without that: what is
 * wrong with a file is in the error that we throw. Nothing else can run meanwhile.
 *
 * @internal
 */
export function quietly<Result>(decode: () => Result): Result {
  const outer = runInThisContext('console') as Console;
  const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
  const kept = methods.map((method) => outer[method]);
  for (const method of methods) outer[method] = () => {};
  try {
    return decode();
  } finally {
    for (const [i, method] of methods.entries()) outer[method] = kept[i] as Console['log'];
  }
}

/** `import()` as in a module that Node itself has loaded from this file's place. */
function natively(name: string): Promise<unknown> {
  // `require('node:module')` gives a test runner's own.
  const { getBuiltinModule } = runInThisContext('process') as NodeJS.Process;
  const loader = getBuiltinModule('node:module') as unknown as typeof Module;
  const module = new loader(__filename) as Module & { _compile(code: string, path: string): void };
  module._compile('exports.load = (name) => import(name);', __filename);
  return module.exports.load(name);
}
