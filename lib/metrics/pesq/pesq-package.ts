import { existsSync, readFileSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FewSoundError } from '../../errors.js';
import {
  lastLine,
  type PinnedPackage,
  packageFolder,
  runForSetup,
  type SetupOptions,
  setUpPackage,
} from '../../setup/download.js';
import { packageRoot } from '../../setup/libtorch.js';

/** The source distribution that the authors of the FewSound paper measured with. */
const pesqPackage: PinnedPackage = {
  name: 'pesq',
  version: '0.0.4',
  kind: 'sdist',
  digest: 'b724b28f73fb638522982bd68e8c3c0957e2f45210639a460233b17aa7fc890b',
};

/** What set-up calls the library in its folder, and the one beside it for processors with AVX2. */
const libraryName = 'libpesq.so';
const wideLibraryName = 'libpesq-avx2.so';

/** Whether this processor has AVX2: the folder may be shared by machines, some of which do not. */
const hasAvx2: boolean = (() => {
  try {
    return (
      process.arch === 'x64' && /^flags\s*:.*\bavx2\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
    );
  } catch {
    return false;
  }
})();

/** Where `fewsound setup pesq` puts the library, whether or not it is there. */
export function pesqLibraryPath(): string {
  const folder = packageFolder(pesqPackage);
  const wide = join(folder, wideLibraryName);
  return hasAvx2 && existsSync(wide) ? wide : join(folder, libraryName);
}

/** Whether `fewsound setup pesq` has been run here. */
export function isPesqSetUp(): boolean {
  return existsSync(pesqLibraryPath());
}

// Makes PESQ's library on the user's machine. Its notice forbids translating the code and passing
// it on, so nothing of it is ours: pip fetches the package that the user may use under that notice,
// and the user's compiler compiles it.
/**
 * As setuptools compiles it for Python, so that the scores are the package's: no contraction of a
 * product and a sum into one rounding, which some processors have and others lack.
 */
const FLAGS = [
  ...['-O3', '-fPIC', '-shared', '-DNDEBUG', '-fwrapv', '-ffp-contract=off'],
  // Nothing reads floating-point exceptions and errno; the values stay the same.
  ...['-fno-math-errno', '-fno-trapping-math'],
];

/** What set-up did. */
export interface PesqSetup {
  readonly installed: boolean;
  /** The library. */
  readonly path: string;
}

/**
 * Fetches the source distribution of the Python package `pesq` 0.0.4 with pip, its digest checked,
 * and compiles it with the C compiler named by `CC`, else `cc`. The sources stay beside the
 * library, with the notice of the software's owners, under which it may be used. Does nothing where
 * it has been done.
 *
 * @throws FewSoundError NOT_SET_UP when Python, pip, the network or a C compiler is missing,
 *   ABORTED at the signal
 */
export async function setupPesq(
  options: SetupOptions & { force?: boolean } = {},
): Promise<PesqSetup> {
  const installed = await setUpPackage(
    pesqPackage,
    async (unpacked, folder) => {
      const [sources = ''] = await readdir(unpacked);
      await cp(join(unpacked, sources), folder, { recursive: true });
      await compile(folder, libraryName, [], options);
      // Twice the numbers at once, and the same scores.
      if (hasAvx2) await compile(folder, wideLibraryName, ['-mavx2'], options);
    },
    options,
  );
  return { installed, path: pesqLibraryPath() };
}

async function compile(
  folder: string,
  name: string,
  flags: readonly string[],
  options: SetupOptions,
): Promise<void> {
  const compiler = process.env.CC || 'cc';
  options.onProgress?.({ stage: 'build', message: `compiling PESQ with ${compiler}` });
  const sources = join(folder, 'pesq');
  const interface_ = join(packageRoot(), 'native', 'metrics', 'pesq', 'pesq_library.c');
  const { status, output } = await runForSetup(
    compiler,
    [
      ...[...FLAGS, ...flags],
      // Only our function can be seen: the names inside are short ones that others have too.
      '-fvisibility=hidden',
      '-w',
      `-I${sources}`,
      ...[interface_, ...['dsp.c', 'pesqdsp.c', 'pesqmod.c'].map((file) => join(sources, file))],
      ...['-o', join(folder, name), '-lm'],
    ],
    options,
  );
  if (status === 0) return;
  const complaint = output.split('\n').find((line) => /error/i.test(line)) ?? lastLine(output);
  throw new FewSoundError(
    'NOT_SET_UP',
    `${compiler} could not compile PESQ: ${complaint.trim()}. Install a C compiler (Debian, Ubuntu: apt install gcc libc6-dev), or name one in CC.`,
  );
}
