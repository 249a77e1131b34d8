/**
 * What `import 'fewsound'` gives: a network learns a recording, from the file to the metrics. The
 * other entries are the index.ts of their rooms.
 *
 * @module fewsound
 */

export * from './audio/index.js';
export { type ErrorCode, FewSoundError, type FewSoundErrorDetails } from './errors.js';
export * from './metrics/index.js';
export * from './nn/index.js';
export { type SetupOptions, type SetupProgress, setupLibTorch } from './setup/install.js';
export type { LibTorch } from './setup/libtorch.js';
export {
  type Device,
  type DType,
  devices,
  keep,
  type MemoryUse,
  manualSeed,
  memory,
  noGrad,
  readTorchFile,
  scope,
  setThreads,
  Tensor,
  type TensorData,
  type TensorLike,
  type TensorOptions,
  tensor,
  threads,
} from './tensor/index.js';
export * from './train/index.js';
