import { type StoredDType, storedBytes } from '../stored-elements.js';
import { storedAs } from './dtype-names.js';
import {
  AllowedGlobal,
  type Caller,
  isCount,
  nameText,
  type PickleValue,
  type Storage,
  StorageView,
  Tuple,
} from './pickle-values.js';

/** The storages that a pickle refers to, each once. */
export class StorageTable {
  readonly storages = new Map<string, Storage>();

  constructor(readonly fault: Caller['fault']) {}

  /**
   * Resolves a persistent id: ('storage', class, key, location, elements), in the legacy format
   * with a sixth entry, None or (key, offset, elements) of a part.
   */
  readonly view = (id: PickleValue): StorageView => {
    const [tag, type, key, , elements, part] = id instanceof Tuple ? id.items : [];
    if (tag !== 'storage') throw this.fault('its pickle refers to something that is not a storage');
    if (!(type instanceof AllowedGlobal) || type.role.kind !== 'storage') {
      throw this.fault('its pickle has a storage of an unknown class');
    }
    if ((typeof key !== 'string' && typeof key !== 'number') || !isCount(elements)) {
      throw this.fault('its pickle has a storage without a key or a size');
    }
    const { dtype } = type.role;
    const stored = dtype === undefined ? undefined : storedAs(dtype, this);
    const unit = stored === undefined ? 1 : storedBytes(stored);
    const storage = this.find({ key: String(key), bytes: elements * unit, unit, stored });
    if (part === undefined || part === null) return new StorageView(storage, 0, storage.bytes);
    const [, start, length] = part instanceof Tuple ? part.items : [];
    if (!isCount(start) || !isCount(length) || start + length > elements) {
      throw this.fault(`a part of the storage "${nameText(String(key))}" runs past it`);
    }
    return new StorageView(storage, start * unit, length * unit);
  };

  private find(storage: Storage): Storage {
    const { key, bytes, unit } = storage;
    const known = this.storages.get(key);
    if (!known) {
      this.storages.set(key, storage);
      return storage;
    }
    // Empty storages may share a key: an address that does not exist.
    if (bytes === 0 && known.bytes === 0) return storage;
    if (known.bytes !== bytes || known.unit !== unit) {
      throw this.fault(`the storage "${nameText(key)}" is described inconsistently`);
    }
    if (storage.stored === undefined) return known;
    return typedStorage(known, storage.stored, this);
  }
}

/** Gives a storage its dtype. PyTorch does not save one with two. */
export function typedStorage(
  storage: Storage,
  stored: StoredDType,
  { fault }: Pick<Caller, 'fault'>,
): Storage {
  storage.stored ??= stored;
  if (storage.stored !== stored)
    throw fault(`the storage "${nameText(storage.key)}" has two dtypes`);
  return storage;
}
