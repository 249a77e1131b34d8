// Where the cores are. A core is the part of the addon that is linked against LibTorch, built for
// one minor version of it; it lies in a folder `torch-MINOR` beside the addon that was built with
// it.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from './package-root.js';

/** A core, and the minor version of LibTorch that it runs with. */
export interface Core {
  /** For example `2.13`. */
  readonly libTorch: string;
  /** The path of fewsound_core.so. */
  readonly path: string;
}

/** How to get a core where none fits. */
export const HOW_TO_BUILD =
  'Build it from source, with a C++20 compiler and CMake: in a clone, `npm run build`; for the package, `npm install --save-dev cmake-js node-addon-api` and then `npm explore fewsound -- node scripts/build-native.mjs`.';

/**
 * The cores for an addon, oldest version of LibTorch first. For a version that was built here and
 * came with the package as well, the one that was built.
 *
 * @param addonPath the path of fewsound.node: in `build/Release` where there is a build, else in
 *   `prebuilds`
 * @param root the folder of the package
 */
export function findCores(addonPath: string, root = packageRoot()): readonly Core[] {
  const packed = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  const found = new Map<string, Core>();
  for (const folder of [packed, dirname(addonPath)]) {
    for (const core of coresIn(folder)) found.set(core.libTorch, core);
  }
  return [...found.values()].sort((a, b) =>
    a.libTorch.localeCompare(b.libTorch, 'en', { numeric: true }),
  );
}

function coresIn(folder: string): Core[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .map((name) => ({
      libTorch: /^torch-(\d+\.\d+)$/.exec(name)?.[1] ?? '',
      path: join(folder, name, 'fewsound_core.so'),
    }))
    .filter(({ libTorch, path }) => libTorch !== '' && existsSync(path));
}
