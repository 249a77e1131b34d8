import { types } from 'node:util';
import {
  AllowedGlobal,
  Budget,
  type Caller,
  Dictionary,
  nameText,
  type PickleValue,
  Tuple,
} from './pickle-values.js';
import { BlankTensor, TensorRecord } from './tensor-record.js';

/** The place of a tensor among the values of a file: its name among the tensors. */
export class TensorReference {
  constructor(readonly tensor: string) {}
}

/**
 * What a file holds beside tensors. Integers too large for a number are bigints, bytes and
 * bytearrays Uint8Arrays, tuples and sets arrays, complex numbers [real, imaginary]; dtypes,
 * devices and layouts are strings. Every kind of dict is an object; keys that are neither text nor
 * numbers are written as Python prints them: None, (1, 2).
 */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array<ArrayBuffer>
  | TensorReference
  | TorchValue[]
  | { [key: string]: TorchValue };

/** Deeper than anybody nests settings. */
const DEPTH = 100;

/** How often a pickle may repeat what it says once; a few bytes can ask for any number. */
const REPETITIONS = 16;

/**
 * The values of a pickle as plain data, and its tensors by path: keys and indices, joined by dots.
 * A file that is only a tensor has it as 'tensor'.
 *
 * @param pickleBytes the length of the pickle, which limits the values
 */
export function plainValues(
  root: PickleValue,
  pickleBytes: number,
  fault: Caller['fault'],
): { values: TorchValue; records: Map<string, TensorRecord> } {
  const walk = new Walk(pickleBytes, fault);
  return { values: walk.plain(root, ''), records: walk.records };
}

class Walk {
  readonly records = new Map<string, TensorRecord>();
  private readonly around = new Set<PickleValue>();
  private readonly budget: Budget;

  constructor(
    pickleBytes: number,
    private readonly fault: Caller['fault'],
  ) {
    this.budget = new Budget(REPETITIONS * pickleBytes, () =>
      fault('its containers repeat each other far too often'),
    );
  }

  plain(value: PickleValue, path: string): TorchValue {
    this.budget.spend(1);
    if (value === null || typeof value !== 'object') return value;
    if (value instanceof TensorRecord) return this.tensor(value, path);
    if (value instanceof BlankTensor) return this.tensor(value.record, path);
    if (types.isUint8Array(value)) {
      this.budget.spend(value.length);
      return new Uint8Array(value);
    }
    if (isName(value)) return value.name;
    if (!Array.isArray(value) && !(value instanceof Tuple) && !(value instanceof Dictionary)) {
      throw this.fault(`${at(path)} is neither a tensor nor a plain value`);
    }
    return this.container(value, path);
  }

  private tensor(record: TensorRecord, path: string): TensorReference {
    const name = path === '' ? 'tensor' : path;
    this.budget.spend(name.length);
    if (this.records.has(name)) throw this.fault(`two tensors have the path "${nameText(name)}"`);
    this.records.set(name, record);
    return new TensorReference(name);
  }

  private container(value: PickleValue[] | Tuple | Dictionary, path: string): TorchValue {
    if (this.around.has(value)) throw this.fault(`${at(path)} contains itself`);
    if (this.around.size >= DEPTH) {
      throw this.fault(`its containers are nested more than ${DEPTH} deep`);
    }
    this.around.add(value);
    const within = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`);
    const made =
      value instanceof Dictionary
        ? this.object(value, path, within)
        : (Array.isArray(value) ? value : value.items).map((item, i) =>
            this.plain(item, within(i)),
          );
    this.around.delete(value);
    return made;
  }

  private keyText(key: PickleValue, path: string, depth = 0): string {
    this.budget.spend(1);
    if (key === null) return 'None';
    if (typeof key === 'boolean') return key ? 'True' : 'False';
    if (typeof key !== 'object') {
      // Within a tuple it is copied.
      if (depth > 0 && typeof key === 'string') this.budget.spend(key.length);
      return String(key);
    }
    if (isName(key)) return key.name;
    if (types.isUint8Array(key)) {
      this.budget.spend(key.length);
      return Buffer.from(key).toString('latin1');
    }
    if (key instanceof Tuple && depth < DEPTH) {
      const parts = key.items.map((item) => this.keyText(item, path, depth + 1));
      return `(${parts.join(', ')}${parts.length === 1 ? ',' : ''})`;
    }
    throw this.fault(`${at(path)} has a key that cannot be written as text`);
  }

  private object(
    { entries }: Dictionary,
    path: string,
    within: (key: string) => string,
  ): { [key: string]: TorchValue } {
    const made = new Map<string, TorchValue>();
    for (const [key, item] of entries) {
      const name = this.keyText(key, path);
      if (made.has(name)) throw this.fault(`${at(path)} has two keys "${nameText(name)}"`);
      made.set(name, this.plain(item, within(name)));
    }
    // Object.fromEntries, unlike an assignment, takes "__proto__" for a key like any other.
    return Object.fromEntries(made);
  }
}

function isName(value: PickleValue): value is AllowedGlobal {
  return (
    value instanceof AllowedGlobal &&
    (value.role.kind === 'dtype' || value.role.kind === 'constant')
  );
}

function at(path: string): string {
  return path === '' ? 'its value' : `"${nameText(path)}"`;
}
