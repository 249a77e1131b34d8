import { addon, addonLoaded } from '../native/addon.js';

/** What is alive in this JavaScript environment (the main thread, or one worker). */
export interface MemoryUse {
  /** Tensors that were made and neither disposed of nor collected. Parameters of networks are not among them. */
  readonly tensors: number;
  /** Bytes that they hold, by device; what several tensors share is counted once. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** How many tensors are alive and what they hold. Loads nothing: before the first tensor it is zero. */
export function memory(): MemoryUse {
  return addonLoaded() ? addon().memory() : { tensors: 0, bytes: {} };
}
