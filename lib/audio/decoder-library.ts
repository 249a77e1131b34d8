import type Module from 'node:module';
import { runInThisContext } from 'node:vm';
import { FewSoundError } from '../errors.js';

/** The codecs whose packets libraries decode. */
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
 * Loads the decoder of a codec. Decoders are ES modules with WebAssembly. Jest runs modules in a
 * context of its own, where `import()` of an ES module needs a flag of Node and WebAssembly gives
 * arrays of another realm than the decoders expect; there we use Node's own loader.
 *
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
      `the ${codec} decoder (${names[codec]}) failed to start (${error}). Reinstall fewsound's ` +
        'dependencies, or convert the file to WAV.',
      { cause: error },
    );
  }
}

/** A decoder of our MP3 and Vorbis libraries, once it is ready. */
export async function whenReady<Decoder extends { readonly ready: Promise<void> }>(
  decoder: Decoder,
): Promise<Decoder> {
  await decoder.ready;
  return decoder;
}

/**
 * Runs a decoder that also writes its complaints to the console, and keeps them off it: the error
 * that we throw has them. Nothing else can run meanwhile.
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

/** `import()` as in a module that Node itself loaded from here. */
function natively(name: string): Promise<unknown> {
  // `require('node:module')` gives a test runner's own.
  const { getBuiltinModule } = runInThisContext('process') as NodeJS.Process;
  const loader = getBuiltinModule('node:module') as unknown as typeof Module;
  const module = new loader(__filename) as Module & { _compile(code: string, path: string): void };
  module._compile('exports.load = (name) => import(name);', __filename);
  return module.exports.load(name);
}
