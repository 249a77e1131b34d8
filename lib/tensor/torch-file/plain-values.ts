import { Budget } from './budget.js';
import { nameText } from './name-text.js';
import {
  AllowedGlobal,
  type Caller,
  Dictionary,
  type PickleValue,
  Tuple,
} from './pickle-values.js';
import { TensorRecord } from './tensor-record.js';

/** Where a tensor stands among the values of a file: its name among the tensors. */
export class TensorReference {
  constructor(readonly tensor: string) {}
}

/**
 * What a file holds beside tensors. Whole numbers that a number cannot hold are bigints, bytes Uint8Arrays, tuples
 * arrays, dtypes and devices strings.
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

/** Deeper than people nest their settings. */
const DEPTH = 100;

/** How often what a pickle says once may come again; a program of a few bytes can ask for any number. */
const REPETITIONS = 16;

/**
 * The values of a pickle as plain data, and its tensors by their paths: keys and positions, with dots between them. A
 * file that is a tensor and nothing else has it as 'tensor'.
 *
 * @param pickleBytes the length of the pickle, which bounds what comes of it
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
      fault('its containers repeat each other without measure'),
    );
  }

  plain(value: PickleValue, path: string): TorchValue {
    this.budget.spend(1);
    if (value === null || typeof value !== 'object') return value;
    if (value instanceof TensorRecord) return this.tensor(value, path);
    if (value instanceof Uint8Array) {
      this.budget.spend(value.length);
      return new Uint8Array(value);
    }
    if (value instanceof AllowedGlobal && value.role.kind === 'dtype') return value.name;
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

  private object(
    { entries }: Dictionary,
    path: string,
    within: (key: string) => string,
  ): { [key: string]: TorchValue } {
    const made = new Map<string, TorchValue>();
    for (const [key, item] of entries) {
      if (key === null || typeof key === 'object') {
        throw this.fault(`${at(path)} has a key that is neither a text nor a number`);
      }
      const name = String(key);
      if (made.has(name)) throw this.fault(`${at(path)} has two keys "${nameText(name)}"`);
      made.set(name, this.plain(item, within(name)));
    }
    // Object.fromEntries, unlike an assignment, takes "__proto__" for a key like any other.
    return Object.fromEntries(made);
  }
}

function at(path: string): string {
  return path === '' ? 'its value' : `"${nameText(path)}"`;
}
