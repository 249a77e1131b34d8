import type { FileHandle } from 'node:fs/promises';
import { extname } from 'node:path';
import { addon } from '../../addon/addon.js';
import { FewSoundError } from '../../errors.js';
import { type Fault, readExactly, withFile } from '../../files.js';
import { callOperator } from '../call-operator.js';
import { bytesPerElement, type Device } from '../device.js';
import { scope } from '../scope.js';
import { decodeElements, type StoredDType, storedBytes, tensorDType } from '../stored-elements.js';
import { type Tensor, wrapTensor } from '../tensor.js';
import { readLegacyContainer } from './legacy-container.js';
import { CutOff } from './pickle-bytes.js';
import { nameText, type Storage } from './pickle-values.js';
import { plainValues, TensorReference, type TorchValue } from './plain-values.js';
import type { TensorRecord } from './tensor-record.js';
import { readZipContainer, type TorchContainer } from './zip-container.js';

const torchNames = new Set(['.pth', '.pt', '.ckpt', '.bin']);
const zipStart = 'PK';
/** PROTO, and LONG, with which protocol 1 starts. */
const pickleStarts = [0x80, 0x4c];

/**
 * Whether a file of tensors was written by `torch.save`, and is not a safetensors file.
 *
 * The content decides: the ninth byte of a safetensors file starts the JSON of its header. The name
 * decides only where the content is neither, so that the error on reading is about the expected
 * format.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO
 */
export async function isTorchFile(path: string): Promise<boolean> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const named = torchNames.has(extname(path).toLowerCase());
    if (size < 9) return named;
    const start = await readExactly(file, 0, 9, cutShort(path));
    if (start[8] === 0x7b) return false;
    const torch =
      start.toString('latin1', 0, 2) === zipStart || pickleStarts.includes(start[0] as number);
    return torch || named;
  });
}

const cutShort = (path: string) => (problem: string) =>
  new FewSoundError('FILE_FORMAT', `${path}: ${problem}.`);

/**
 * How many bytes all tensors may take together, each laid out separately. Views share their storage
 * and a stride of 0 repeats it, so a small file can describe tensors that no memory holds; reading
 * would succeed, using them would not.
 */
const mostBytes = (fileSize: number) => 16 * fileSize + 64 * 2 ** 20;

/**
 * The tensors of the records: views of their storages, each read once, in PyTorch's own order of
 * elements. Equal records share a Tensor. Call it in a scope, which frees the rest.
 */
async function loadTensors(
  records: ReadonlyMap<string, TensorRecord>,
  { readStorage }: TorchContainer,
  { device, fileSize, fault }: { device: Device; fileSize: number; fault: Fault },
): Promise<Map<string, Tensor>> {
  checkSize(records, mostBytes(fileSize), fault);
  const bases = new Map<Storage, Tensor>();
  const made = new Map<TensorRecord, Tensor>();
  for (const record of records.values()) {
    if (made.has(record)) continue;
    if (record.elements === 0) {
      made.set(record, wholeTensor(Buffer.alloc(0), record.stored, record.shape, device));
      continue;
    }
    const { storage, stored } = record;
    let base = bases.get(storage);
    if (!base) {
      const length = Math.floor(storage.bytes / storedBytes(stored));
      base = wholeTensor(await readStorage(storage), stored, [length], device);
      bases.set(storage, base);
    }
    made.set(record, view(base, record));
  }
  return new Map([...records].map(([name, record]) => [name, made.get(record) as Tensor]));
}

function checkSize(records: ReadonlyMap<string, TensorRecord>, most: number, fault: Fault): void {
  let bytes = 0;
  for (const [name, { elements, stored }] of records) {
    bytes += elements * bytesPerElement(tensorDType(stored));
    if (!(bytes <= most)) {
      throw fault(
        `its tensors up to "${nameText(name)}" have ${bytes} bytes, far more than the file`,
      );
    }
  }
}

function wholeTensor(
  bytes: Buffer<ArrayBuffer>,
  stored: StoredDType,
  shape: readonly number[],
  device: Device,
): Tensor {
  const whole = bytes.length - (bytes.length % storedBytes(stored));
  const { dtype, data } = decodeElements(stored, bytes.subarray(0, whole));
  return wrapTensor(addon().tensor(data, shape, dtype, device));
}

function view(base: Tensor, { shape, strides, offset, conjugate, negative }: TensorRecord): Tensor {
  const kept = callOperator('aten::as_strided', [base, shape, strides, offset]) as Tensor;
  const turned = conjugate ? (callOperator('aten::conj_physical', [kept]) as Tensor) : kept;
  return negative ? turned.neg() : turned;
}

// Files of torch.save are pickles: programs that may call anything. Here the pickle runs on a
// machine that has tensors and plain containers and nothing else, and is refused as soon as it asks
// for more.
export { TensorReference, type TorchValue };

/** The content of a file of torch.save. */
export interface TorchFile {
  /**
   * All tensors by path: keys and indices joined by dots, such as
   * 'model_state_dict.encoder.0.weight'. A file that is only a tensor has it as 'tensor'.
   */
  readonly tensors: Map<string, Tensor>;
  /** The structure of the file as plain data, with a `TensorReference` for each tensor. */
  readonly values: TorchValue;
}

const ZIP = 0x04034b50;
const EMPTY_ZIP = 0x06054b50;

/**
 * Reads a checkpoint of PyTorch's torch.save, in the zip format or the one before it, without
 * running anything in it. It reads what `torch.load(weights_only=True)` reads: tensors, parameters,
 * buffers, numbers, texts, bytes, lists, tuples, sets, and dicts of every kind (and NumPy's
 * numbers). A file that asks for anything else is refused, and so are kinds of tensors that
 * fewsound does not support: quantized, sparse, nested and meta tensors, float8, uint64.
 *
 * Tensors keep their strides and share storages as they did when saved. float16 and bfloat16 become
 * float32, integers of all sizes int64; other dtypes stay. None requires a gradient. The tensors
 * belong to the enclosing scope.
 *
 * ```ts
 * const { tensors, values } = await readTorchFile('model.pth');
 * tensors.get('model_state_dict.conv1.weight');
 * ```
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, or FILE_FORMAT naming the file and what is wrong with
 *   it, or what it asks for, such as os.system
 */
export async function readTorchFile(
  path: string,
  { device = 'cpu' }: { device?: Device } = {},
): Promise<TorchFile> {
  const fault = (problem: string) => fileFault(path, problem);
  // After an error the scope frees the tensors read so far.
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
  fault: Fault,
): Promise<TorchContainer> {
  if (fileSize < 4) throw fault(`it has ${fileSize} bytes`);
  const start = await readExactly(file, 0, 4, fault);
  const signature = start.readUInt32LE();
  if (signature === ZIP || signature === EMPTY_ZIP) return readZipContainer(file, fileSize, fault);
  if (pickleStarts.includes(start[0] as number)) return readLegacyContainer(file, fileSize, fault);
  throw fault('it is neither a zip archive nor a pickle');
}

function fileFault(path: string, problem: string): FewSoundError {
  return new FewSoundError('FILE_FORMAT', `${path}: cannot read this PyTorch file: ${problem}.`);
}
