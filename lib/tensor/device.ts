import { addon } from '../native/addon.js';
import type { Device } from '../native/tensor-addon.js';

export type { Device };

/** The devices of this process: 'cpu', and 'cuda:0', 'cuda:1', … where LibTorch and the machine have them. */
export function devices(): Device[] {
  return addon().devices() as Device[];
}

/** Why there is no CUDA device, or null where there is one. */
export function cudaUnavailable(): string | null {
  const { cudaUnavailable: reason } = addon();
  if (reason !== null) return reason;
  return devices().length > 1 ? null : 'the driver offers no device';
}

/** Why training steps on a CUDA device cannot be recorded as graphs, or null where they can. */
export function cudaGraphsUnavailable(): string | null {
  return addon().cudaGraphsUnavailable;
}

/** How many threads LibTorch computes with on the CPU, from this thread of JavaScript. */
export function threads(): number {
  return addon().threads();
}

/**
 * Sets how many threads LibTorch computes with on the CPU, 1 to 1024. The same number gives the same results, bit for
 * bit.
 *
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function setThreads(count: number): void {
  addon().setThreads(count);
}
