// torch.save before 1.6: five pickles (magic number, version, machine, value, keys), then the
// storages in the order of the keys, each after its number of elements.
// https://github.com/pytorch/pytorch: torch/serialization.py, _legacy_save

import type { FileHandle } from 'node:fs/promises';
import { type Fault, readExactly } from '../../files.js';
import { CutOff, PickleBytes } from './pickle-bytes.js';
import { runPickle } from './pickle-machine.js';
import { Dictionary, nameText, type PickleValue, type Storage } from './pickle-values.js';
import { StorageTable } from './storage-table.js';
import { LONGEST_PICKLE, type TorchContainer } from './zip-container.js';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** Read at first; only the pickles know where they end. */
const WINDOW = 2 ** 20;

export async function readLegacyContainer(
  file: FileHandle,
  fileSize: number,
  fault: Fault,
): Promise<TorchContainer> {
  const { root, keys, end, storages } = await readPickles(file, fileSize, fault);
  const positions = await findStorages(file, fileSize, { keys, end, storages }, fault);
  return {
    root,
    pickleBytes: end,
    readStorage: ({ key, bytes }) => {
      const position = positions.get(key);
      if (position === undefined) throw fault(`the storage "${nameText(key)}" is missing`);
      return readExactly(file, position, bytes, fault);
    },
  };
}

interface Pickles {
  readonly root: PickleValue;
  readonly keys: PickleValue;
  readonly storages: ReadonlyMap<string, Storage>;
  /** Where the last pickle ends. */
  readonly end: number;
}

async function readPickles(file: FileHandle, fileSize: number, fault: Fault): Promise<Pickles> {
  const most = Math.min(fileSize, LONGEST_PICKLE);
  for (let window = Math.min(most, WINDOW); ; window = Math.min(most, 4 * window)) {
    const bytes = new PickleBytes(await readExactly(file, 0, window, fault));
    try {
      return runPickles(bytes, fault);
    } catch (error) {
      if (!(error instanceof CutOff) || window === most) throw error;
    }
  }
}

function runPickles(bytes: PickleBytes, fault: Fault): Pickles {
  if (runPickle(bytes, { fault }) !== MAGIC) {
    throw fault('it is a pickle, but not one of torch.save');
  }
  const version = runPickle(bytes, { fault });
  if (version !== VERSION) throw fault('its version of the legacy format is not supported');
  const machine = runPickle(bytes, { fault });
  if (!(machine instanceof Dictionary) || machine.entries.get('little_endian') !== true) {
    throw fault('its numbers are big-endian; save it on a little-endian machine');
  }
  const table = new StorageTable(fault);
  const root = runPickle(bytes, { fault, persistent: table.view });
  const keys = runPickle(bytes, { fault });
  return { root, keys, storages: table.storages, end: bytes.position };
}

/** Where the bytes of each storage start. */
async function findStorages(
  file: FileHandle,
  fileSize: number,
  { keys, end, storages }: Pick<Pickles, 'keys' | 'end' | 'storages'>,
  fault: Fault,
): Promise<Map<string, number>> {
  if (!Array.isArray(keys)) throw fault('its list of storages is not a list');
  const positions = new Map<string, number>();
  let position = end;
  for (const key of keys) {
    if (typeof key !== 'string' && typeof key !== 'number') {
      throw fault('its list of storages has a key that is neither text nor a number');
    }
    const storage = storages.get(String(key));
    if (!storage) throw fault('it has a storage that none of its tensors uses');
    const shown = nameText(storage.key);
    if (positions.has(storage.key)) throw fault(`it has the storage "${shown}" twice`);
    const data = position + 8;
    if (!(data + storage.bytes <= fileSize)) {
      throw fault(`it ends before the storage "${shown}" does: the file is cut short`);
    }
    const count = Number((await readExactly(file, position, 8, fault)).readBigUInt64LE());
    if (count * storage.unit !== storage.bytes) {
      throw fault(`the storage "${shown}" does not have the size that its pickle claims`);
    }
    positions.set(storage.key, data);
    position = data + storage.bytes;
  }
  return positions;
}
