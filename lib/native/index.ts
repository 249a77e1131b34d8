export {
  type AddonOrigin,
  addonLoaded,
  addonOrigin,
  locateAddon,
  searchLibTorch,
} from './addon.js';
export { writeFileAtomic } from './atomic-write.js';
export { cacheFolder } from './cache-folder.js';
export type { Core } from './cores.js';
export { type ErrorCode, FewSoundError, type FewSoundErrorDetails } from './errors.js';
export {
  findLibTorch,
  type LibTorch,
  type LibTorchCandidate,
  type LibTorchSearch,
  type LibTorchSource,
} from './libtorch.js';
export {
  minorVersion,
  PINNED_LIBTORCH,
  SUPPORTED_LIBTORCH,
  TESTED_LIBTORCH,
} from './libtorch-version.js';
export { parseOptions } from './options.js';
export {
  reportSetupProgress,
  type SetupOptions,
  type SetupProgress,
  setupLibTorch,
} from './setup-libtorch.js';
