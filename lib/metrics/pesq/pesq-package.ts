import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PinnedPackage, packageFolder } from '../../native/setup-download.js';

/** The source distribution that the authors of the FewSound paper measured with. */
export const pesqPackage: PinnedPackage = {
  name: 'pesq',
  version: '0.0.4',
  kind: 'sdist',
  digest: 'b724b28f73fb638522982bd68e8c3c0957e2f45210639a460233b17aa7fc890b',
};

/** What set-up calls the library in its folder, and the one beside it for processors with AVX2. */
export const libraryName = 'libpesq.so';
export const wideLibraryName = 'libpesq-avx2.so';

/** Whether this processor has AVX2: the folder may be shared by machines of which some have not. */
export const hasAvx2: boolean = (() => {
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
