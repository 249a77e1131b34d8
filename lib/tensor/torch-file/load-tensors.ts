import { addon } from '../../native/addon.js';
import { callOperator } from '../call-operator.js';
import type { Device } from '../device.js';
import { bytesPerElement } from '../dtype.js';
import type { Fault } from '../open-file.js';
import { decodeElements, type StoredDType, storedBytes, tensorDType } from '../stored-elements.js';
import { type Tensor, wrapTensor } from '../tensor.js';
import type { TorchContainer } from './container.js';
import { nameText } from './name-text.js';
import type { Storage } from './pickle-values.js';
import type { TensorRecord } from './tensor-record.js';

/**
 * How many bytes all tensors together may have, each laid out by itself. Views share their storage and a stride of 0
 * repeats it, so a small file can have tensors that no memory holds; reading would do, using would not.
 */
const mostBytes = (fileSize: number) => 16 * fileSize + 64 * 2 ** 20;

/**
 * The tensors that records stand for: views of their storages, each read once, in PyTorch's own order of elements.
 * Records that are one have one Tensor. To be called in a scope, which frees what is left over.
 *
 * @throws the fault
 */
export async function loadTensors(
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
      const length = Math.floor(storage.bytes / storedBytes[stored]);
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
  const whole = bytes.length - (bytes.length % storedBytes[stored]);
  const { dtype, data } = decodeElements(stored, bytes.subarray(0, whole));
  return wrapTensor(addon().tensor(data, shape, dtype, device));
}

function view(base: Tensor, { shape, strides, offset, conjugate, negative }: TensorRecord): Tensor {
  const kept = callOperator('aten::as_strided', [base, shape, strides, offset]) as Tensor;
  const turned = conjugate ? (callOperator('aten::conj_physical', [kept]) as Tensor) : kept;
  return negative ? turned.neg() : turned;
}
