// Loads the addon at its first use, so that importing fewsound works (and `fewsound doctor` can
// speak) where LibTorch or the addon is missing.

import { join } from 'node:path';
import { types } from 'node:util';
import nodeGypBuild from 'node-gyp-build';
import { FewSoundError } from '../errors.js';
import {
  type Core,
  findCores,
  findLibTorch,
  HOW_TO_BUILD,
  type LibTorch,
  type LibTorchSearch,
  minorVersion,
  packageRoot,
  requireLibTorch,
} from '../setup/libtorch.js';
import type { AnalysisAddon, AudioAddon, MetricsAddon, PesqLibrary } from './measures.js';
import type { DistributedAddon, ModelAddon } from './models.js';
import type { DType, TensorAddon, TensorHandle } from './tensors.js';

/** Everything the addon offers. */
export type Addon = TensorAddon &
  ModelAddon<TensorHandle, DType> &
  AudioAddon &
  MetricsAddon<TensorHandle> &
  AnalysisAddon<TensorHandle> &
  DistributedAddon<TensorHandle>;

/** fewsound.node: it links nothing of LibTorch, and is one for all its versions. */
interface Loader extends PesqLibrary {
  openCore(torchLibraries: string, core: string): Addon;
}

/** What was loaded, for reports. */
export interface AddonOrigin {
  /** The path of fewsound.node. */
  readonly path: string;
  /** What was opened behind it: the core for the LibTorch in use. */
  readonly core: Core;
  /** The LibTorch in use. */
  readonly libTorch: LibTorch;
}

/** What the linker says of symbols that an older system's libraries do not have. */
const SYSTEM_TOO_OLD = /version `(GLIBC|GLIBCXX|CXXABI|GCC)_.*not found/;

/** What the linker says where a CUDA build of LibTorch is without what pip installs beside it. */
const PART_MISSING = /^(lib\S+): cannot open shared object file/;

let loaded: { addon: Addon; origin: AddonOrigin } | null = null;

/**
 * The addon, loaded at the first call.
 *
 * @throws FewSoundError ADDON_NOT_FOUND when none was built for this platform, LIBTORCH_NOT_FOUND
 *   or LIBTORCH_VERSION when there is no LibTorch that it can use
 */
export function addon(): Addon {
  loaded ??= open();
  return loaded.addon;
}

/** What was loaded; loads it where it has not been. */
export function addonOrigin(): AddonOrigin {
  loaded ??= open();
  return loaded.origin;
}

/** Whether the addon has been loaded here. */
export function addonLoaded(): boolean {
  return loaded !== null;
}

/**
 * Where the addon is and the cores that it has, without loading LibTorch.
 *
 * @throws FewSoundError ADDON_NOT_FOUND
 */
export function locateAddon(): { path: string; cores: readonly Core[] } {
  const { path } = openLoader();
  return { path, cores: findCores(path) };
}

/**
 * Looks for the LibTorch that the addon would load; for any that fewsound could use where there is
 * no addon.
 */
export function searchLibTorch(): LibTorchSearch {
  let cores: readonly Core[] = [];
  try {
    ({ cores } = locateAddon());
  } catch (error) {
    if (!(error instanceof FewSoundError)) throw error;
  }
  return cores.length > 0 ? findLibTorch(cores.map(({ libTorch }) => libTorch)) : findLibTorch();
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
  const cores = findCores(path);
  if (cores.length === 0) {
    throw new FewSoundError(
      'ADDON_NOT_FOUND',
      `fewsound has no core for any version of LibTorch here: ${path} is there, but no torch-*/fewsound_core.so beside it. ${HOW_TO_BUILD}`,
    );
  }
  const libTorch = requireLibTorch(cores.map((each) => each.libTorch));
  // requireLibTorch gives one that there is a core for.
  const core = cores.find((each) => each.libTorch === minorVersion(libTorch.version)) as Core;
  let opened: Addon;
  try {
    opened = loader.openCore(join(libTorch.path, 'lib'), core.path);
  } catch (error) {
    throw openingFailed(error, libTorch);
  }
  opened.setErrorFactory((code, message, details) => new FewSoundError(code, message, details));
  return { addon: opened, origin: { path, core, libTorch } };
}

function openingFailed(error: unknown, libTorch: LibTorch): FewSoundError {
  const said = firstLine(error);
  if (SYSTEM_TOO_OLD.test(said)) {
    return new FewSoundError(
      'ADDON_NOT_FOUND',
      `fewsound's native addon was built for a newer system than this (${said}). ${HOW_TO_BUILD}`,
      { cause: error },
    );
  }
  const missing = PART_MISSING.exec(said)?.[1];
  const remedy =
    missing && libTorch.cuda !== null
      ? `It is a CUDA build, and ${missing} is in one of NVIDIA's packages, which pip installs with torch unless told not to: install torch again with what it depends on, or set LIBTORCH to another LibTorch.`
      : 'Run `npx fewsound doctor` to see what was found.';
  return new FewSoundError(
    'LIBTORCH_NOT_FOUND',
    `LibTorch ${libTorch.version} in ${libTorch.path} cannot be loaded: ${said}. ${remedy}`,
    { cause: error },
  );
}

function firstLine(error: unknown): string {
  return String(types.isNativeError(error) ? error.message : error).split('\n', 1)[0] as string;
}
