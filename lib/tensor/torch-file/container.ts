import type { PickleValue, Storage } from './pickle-values.js';

/** A file of torch.save, with its storages still in the file. */
export interface TorchContainer {
  readonly root: PickleValue;
  /** The length of the pickle. */
  readonly pickleBytes: number;
  readStorage(storage: Storage): Promise<Buffer<ArrayBuffer>>;
}

/** No pickle of tensors and plain containers is longer. */
export const LONGEST_PICKLE = 2 ** 28;
