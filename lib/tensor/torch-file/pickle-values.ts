import type { StoredDType } from '../stored-elements.js';

/**
 * Limits the work that a file can cause. A few bytes of pickle can repeat a large thing endlessly;
 * whatever copies or walks pays here, and a file that asks for too much is refused.
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

/** A name from a file, made fit for a message: short, without control characters. */
export function nameText(name: string): string {
  const short = name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
  return JSON.stringify(short).slice(1, -1);
}

// What a pickle can hold here: plain values and records of tensors. None of them can do anything.
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
  | PickleRecord;

/** What a function of a pickle makes that is more than plain: a tensor, a dtype of NumPy. */
export abstract class PickleRecord {
  protected readonly recorded = true;
}

/** A tuple. (Lists and sets are arrays.) */
export class Tuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict, or one of Python's kinds of it. */
export class Dictionary {
  readonly entries = new Map<PickleValue, PickleValue>();

  constructor(readonly ordered: boolean) {}
}

/** A Python name that files of tensors use, see `allowedGlobal`. */
export class AllowedGlobal {
  constructor(
    readonly name: string,
    readonly role:
      | { readonly kind: 'function'; readonly call: Call }
      /** A class of tensors, which the opcode NEWOBJ may create as well. */
      | { readonly kind: 'class'; readonly call: Call }
      /** Nothing but its name. */
      | { readonly kind: 'constant' }
      | { readonly kind: 'dtype'; readonly dtype: string }
      /** A storage class; untyped ones hold bytes. */
      | { readonly kind: 'storage'; readonly dtype: string | undefined },
  ) {}
}

/** Makes a value of a function's arguments. */
export type Call = (args: readonly PickleValue[], machine: Caller) => PickleValue;

/** What a function can ask of the machine that calls it. */
export interface Caller {
  /** Pays for a copy. */
  spend(units: number): void;
  fault(problem: string): Error;
}

/** Bytes of the file that hold tensors. */
export interface Storage {
  readonly key: string;
  readonly bytes: number;
  /** Bytes of the legacy format's unit: an element of the storage's class in the pickle. */
  readonly unit: number;
  /** Where the file holds untyped bytes, unknown until a tensor gives it. */
  stored: StoredDType | undefined;
}

/** Whether a value is a number of elements. */
export function isCount(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
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
