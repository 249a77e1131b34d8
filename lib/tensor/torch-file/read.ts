// Files of torch.save are programs: pickles, which may call anything. Here they are taken for data. The pickle runs on a
// machine that has tensors and plain containers and nothing else, and is refused as soon as it asks for more.

import type { FileHandle } from 'node:fs/promises';
import { FewSoundError } from '../../native/errors.js';
import type { Device } from '../device.js';
import { readExactly, withFile } from '../open-file.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import type { TorchContainer } from './container.js';
import { readLegacyContainer } from './legacy-container.js';
import { loadTensors } from './load-tensors.js';
import { CutOff } from './pickle-bytes.js';
import { plainValues, TensorReference, type TorchValue } from './plain-values.js';
import { readZipContainer } from './zip-container.js';

export { TensorReference, type TorchValue };

/** A file of torch.save in memory. */
export interface TorchFile {
  /**
   * All tensors by their paths: keys and positions, with dots between them, for example
   * 'model_state_dict.encoder.0.weight'. A file that is one tensor and nothing else has it as 'tensor'.
   */
  readonly tensors: Map<string, Tensor>;
  /** The structure of the file as plain data, with a `TensorReference` for each tensor. */
  readonly values: TorchValue;
}

const ZIP = 0x04034b50;
const EMPTY_ZIP = 0x06054b50;
/** PROTO, and LONG, which protocol 1 begins the magic number with. */
const pickleStarts = [0x80, 0x4c];

/**
 * Reads a checkpoint that PyTorch's torch.save has written, in the zip format or the one before it,
 * without running anything of it. What `torch.load(weights_only=True)` reads is read: tensors,
 * parameters, buffers, numbers, texts, bytes, lists, tuples, sets, and dicts of every kind (and
 * numbers of NumPy). A file that asks for anything else is refused, and so are tensors of kinds
 * that fewsound does not have: quantized, sparse, nested and meta tensors, float8, uint64.
 *
 * Tensors keep their strides and share storages as they did when they were saved. float16 and bfloat16 become float32,
 * whole numbers of all sizes int64; other dtypes are as they are. None requires a gradient. The tensors belong to the
 * scope around.
 *
 * ```ts
 * const { tensors, values } = await readTorchFile('model.pth');
 * tensors.get('model_state_dict.conv1.weight');
 * ```
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, or FILE_FORMAT naming the file and what is wrong with it, or what it asks
 *   for, such as os.system
 */
export async function readTorchFile(
  path: string,
  { device = 'cpu' }: { device?: Device } = {},
): Promise<TorchFile> {
  const fault = (problem: string) => fileFault(path, problem);
  // With an error half-way the tensors read so far go with the scope.
  return scope(() =>
    withFile(path, async (file) => {
      const { size: fileSize } = await file.stat();
      try {
        const container = await openContainer(file, fileSize, fault);
        const { values, records } = plainValues(container.root, container.pickleBytes, fault);
        const tensors = await loadTensors(records, container, { device, fileSize, fault });
        return { tensors, values };
      } catch (error) {
        if (error instanceof CutOff)
          throw fault('it ends within its pickle: the file is cut short');
        throw error;
      }
    }),
  );
}

async function openContainer(
  file: FileHandle,
  fileSize: number,
  fault: (problem: string) => FewSoundError,
): Promise<TorchContainer> {
  if (fileSize < 4) throw fault(`it has ${fileSize} bytes`);
  const start = await readExactly(file, 0, 4, fault);
  const signature = start.readUInt32LE();
  if (signature === ZIP || signature === EMPTY_ZIP) return readZipContainer(file, fileSize, fault);
  if (pickleStarts.includes(start[0] as number)) return readLegacyContainer(file, fileSize, fault);
  throw fault('it is neither a zip archive nor a pickle');
}

function fileFault(path: string, problem: string): FewSoundError {
  return new FewSoundError('FILE_FORMAT', `${path}: not a PyTorch file to be read: ${problem}.`);
}
