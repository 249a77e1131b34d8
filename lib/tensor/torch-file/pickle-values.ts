import type { StoredDType } from '../stored-elements.js';
import type { NumpyDType } from './numpy-scalar.js';
import type { BlankTensor, TensorRecord } from './tensor-record.js';

/**
 * How much work a file may cause. A few bytes of pickle can repeat a large thing without end; whatever copies or walks
 * pays here, and a file that asks for too much is refused.
 */
export class Budget {
  private left: number;

  constructor(
    units: number,
    private readonly exceeded: () => Error,
  ) {
    this.left = units;
  }

  spend(units: number): void {
    this.left -= units;
    if (!(this.left >= 0)) throw this.exceeded();
  }
}

const LONGEST = 100;

/** A name out of a file, fit for a message: no control characters, not without end. */
export function nameText(name: string): string {
  const short = name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
  return JSON.stringify(short).slice(1, -1);
}

// What a pickle can hold here: plain things, and records of tensors. None of them can do anything.
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array<ArrayBuffer>
  | PickleValue[]
  | Tuple
  | Dictionary
  | AllowedGlobal
  | StorageView
  | TensorRecord
  | BlankTensor
  | NumpyDType;

/** A list is an array, and a set; this is what cannot grow. */
export class Tuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict, or one of Python's kinds of it. */
export class Dictionary {
  readonly entries = new Map<PickleValue, PickleValue>();

  constructor(readonly ordered: boolean) {}
}

/** Something of Python's that files of tensors name, see `allowedGlobal`. */
export class AllowedGlobal {
  constructor(
    readonly name: string,
    readonly role:
      | { readonly kind: 'function'; readonly call: Call }
      /** A class of tensors, which the opcode NEWOBJ may make as well. */
      | { readonly kind: 'class'; readonly call: Call }
      /** Nothing but its name. */
      | { readonly kind: 'constant' }
      | { readonly kind: 'dtype'; readonly dtype: string }
      /** A class of storages; those that are not typed are bytes. */
      | { readonly kind: 'storage'; readonly dtype: string | undefined },
  ) {}
}

/** What a function makes of its arguments. */
export type Call = (args: readonly PickleValue[], machine: Caller) => PickleValue;

/** What a function may ask of the machine that calls it. */
export interface Caller {
  /** Pays for a copy. */
  spend(units: number): void;
  fault(problem: string): Error;
}

/** Bytes of the file that tensors lie in. */
export interface Storage {
  readonly key: string;
  readonly bytes: number;
  /** Bytes of what the legacy format counts storages in: elements of the class that the storage has in the pickle. */
  readonly unit: number;
  /** Unknown until a tensor says it, where the file keeps bytes. */
  stored: StoredDType | undefined;
}

/** A storage, or a part of it. */
export class StorageView {
  constructor(
    readonly storage: Storage,
    /** First byte, and how many. */
    readonly start: number,
    readonly bytes: number,
  ) {}
}
