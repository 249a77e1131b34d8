// Loads the addon at its first use, so that importing fewsound works (and `fewsound doctor` can speak) where
// LibTorch or the addon is missing.

import { dirname, join } from 'node:path';
import { types } from 'node:util';
import nodeGypBuild from 'node-gyp-build';
import type { AnalysisAddon } from './analysis-addon.js';
import type { ClassifierAddon } from './classifier-addon.js';
import type { DistributedAddon } from './distributed-addon.js';
import { FewSoundError } from './errors.js';
import type { HyperAddon } from './hyper-addon.js';
import { type LibTorch, requireLibTorch } from './libtorch.js';
import type { MetricsAddon, PesqLibrary } from './metrics-addon.js';
import type { ModelAddon } from './model-addon.js';
import { packageRoot } from './package-root.js';
import type { DType, TensorAddon, TensorHandle } from './tensor-addon.js';

/** Everything the addon offers. */
export type Addon = TensorAddon &
  ModelAddon<TensorHandle, DType> &
  HyperAddon<TensorHandle, DType> &
  ClassifierAddon<TensorHandle, DType> &
  MetricsAddon<TensorHandle> &
  AnalysisAddon<TensorHandle> &
  DistributedAddon<TensorHandle>;

/** fewsound.node: it links nothing of LibTorch. */
interface Loader extends PesqLibrary {
  /** The LibTorch that the addon was built for. */
  readonly torchVersion: string;
  openCore(torchLibraries: string, core: string): Addon;
}

/** What was loaded, for reports. */
export interface AddonOrigin {
  /** The path of fewsound.node. */
  readonly path: string;
  /** The LibTorch it was built for. */
  readonly builtFor: string;
  /** The LibTorch in use. */
  readonly libTorch: LibTorch;
}

/** What the linker says of symbols that an older system's libraries do not have. */
const SYSTEM_TOO_OLD = /version `(GLIBC|GLIBCXX|CXXABI|GCC)_.*not found/;

const HOW_TO_BUILD =
  'Build it from source, with a C++20 compiler and CMake: in a clone, `npm run build`; for the package, `npm install --save-dev cmake-js node-addon-api` and then `npm explore fewsound -- node scripts/build-native.mjs`.';

let opened: { addon: Addon; origin: AddonOrigin } | null = null;

/**
 * The addon, loaded at the first call.
 *
 * @throws FewSoundError ADDON_NOT_FOUND when none was built for this platform, LIBTORCH_NOT_FOUND or LIBTORCH_VERSION
 *   when there is no LibTorch that it can use
 */
export function addon(): Addon {
  opened ??= open();
  return opened.addon;
}

/** What was loaded; loads it where it has not been. */
export function addonOrigin(): AddonOrigin {
  opened ??= open();
  return opened.origin;
}

/** Whether the addon has been loaded here. */
export function addonLoaded(): boolean {
  return opened !== null;
}

/**
 * Where the addon is and which LibTorch it was built for, without loading LibTorch.
 *
 * @throws FewSoundError ADDON_NOT_FOUND
 */
export function locateAddon(): { path: string; builtFor: string } {
  const { path, loader } = openLoader();
  return { path, builtFor: loader.torchVersion };
}

/**
 * What calls PESQ's library, without loading LibTorch. For a process of its own only.
 *
 * @throws FewSoundError ADDON_NOT_FOUND
 */
export function pesqLibrary(): PesqLibrary {
  return openLoader().loader;
}

function openLoader(): { path: string; loader: Loader } {
  try {
    const path = nodeGypBuild.path(packageRoot());
    return { path, loader: require(path) as Loader };
  } catch (error) {
    throw new FewSoundError(
      'ADDON_NOT_FOUND',
      `fewsound has no native addon that runs on ${process.platform} ${process.arch} here (${firstLine(error)}). ${HOW_TO_BUILD}`,
      { cause: error },
    );
  }
}

function open(): { addon: Addon; origin: AddonOrigin } {
  const { path, loader } = openLoader();
  const libTorch = requireLibTorch(loader.torchVersion);
  let core: Addon;
  try {
    core = loader.openCore(join(libTorch.path, 'lib'), join(dirname(path), 'fewsound_core.so'));
  } catch (error) {
    if (SYSTEM_TOO_OLD.test(firstLine(error))) {
      throw new FewSoundError(
        'ADDON_NOT_FOUND',
        `fewsound's native addon was built for a newer system than this (${firstLine(error)}). ${HOW_TO_BUILD}`,
        { cause: error },
      );
    }
    throw new FewSoundError(
      'LIBTORCH_NOT_FOUND',
      `LibTorch ${libTorch.version} in ${libTorch.path} cannot be loaded: ${firstLine(error)}. Run \`npx fewsound doctor\` to see what was found.`,
      { cause: error },
    );
  }
  core.setErrorFactory((code, message, details) => new FewSoundError(code, message, details));
  return { addon: core, origin: { path, builtFor: loader.torchVersion, libTorch } };
}

function firstLine(error: unknown): string {
  return String(types.isNativeError(error) ? error.message : error).split('\n', 1)[0] as string;
}
