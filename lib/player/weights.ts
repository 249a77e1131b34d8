import type { FewSoundError } from '../errors.js';
import type { HeaderEntry } from './safetensors-header.js';

/** Makes the error for what is wrong with a file. */
export type Fault = (problem: string) => FewSoundError;

/** The dtypes that networks are stored in, and their bytes. */
export const weightBytes = { F32: 4, F64: 8 } as const;
export type WeightDType = keyof typeof weightBytes;

/** The tensors of one network in a file, by name. */
export class Weights {
  readonly #taken = new Set<string>();

  /** @param prefix of their names in the file */
  constructor(
    private readonly tensors: ReadonlyMap<string, HeaderEntry<WeightDType>>,
    private readonly data: ArrayBuffer,
    private readonly prefix: string,
    readonly fault: Fault,
  ) {}

  /** Whether the network computes in float32. */
  get single(): boolean {
    for (const [name, { dtype }] of this.tensors) {
      if (name.startsWith(this.prefix)) return dtype === 'F32';
    }
    return true;
  }

  /**
   * The numbers of a tensor of a known shape.
   *
   * @throws FewSoundError FILE_FORMAT where it is missing or of another shape
   */
  take(name: string, shape: readonly number[]): Float64Array {
    const entry = this.tensors.get(this.prefix + name);
    if (entry === undefined) throw this.fault(`it lacks the tensor "${this.prefix}${name}"`);
    this.#taken.add(entry.name);
    if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i])) {
      throw this.fault(
        `"${this.prefix}${name}" has shape [${entry.shape.join(', ')}]; expected [${shape.join(', ')}]`,
      );
    }
    const [begin, end] = entry.offsets;
    const bytes = this.data.slice(begin, end); // aligned, where the file may not be
    return Float64Array.from(
      entry.dtype === 'F64' ? new Float64Array(bytes) : new Float32Array(bytes),
    );
  }

  /** @throws FewSoundError FILE_FORMAT where the network has a tensor that was not taken */
  requireAllTaken(): void {
    for (const name of this.tensors.keys()) {
      if (!name.startsWith(this.prefix) || this.#taken.has(name)) continue;
      throw this.fault(`"${name}" is no tensor of the network that its metadata describe`);
    }
  }
}

/** What a network's file says of its architecture. */
export class Architecture {
  constructor(
    private readonly options: Readonly<Record<string, unknown>>,
    private readonly fault: Fault,
  ) {}

  /** A number, whole and from `least` on where that is given. */
  number(name: string, least?: number): number {
    const value = this.options[name];
    const fits = typeof value === 'number' && Number.isFinite(value);
    if (!fits || (least !== undefined && (!Number.isInteger(value) || value < least))) {
      throw this.wrong(name);
    }
    return value;
  }

  numbers(name: string): readonly number[] {
    const value = this.options[name] ?? [];
    if (!Array.isArray(value) || !value.every(Number.isFinite)) throw this.wrong(name);
    return value;
  }

  /** One of some names, the first where the file does not say. */
  choice<Name extends string>(name: string, names: readonly [Name, ...Name[]]): Name {
    const value = this.options[name] ?? names[0];
    const found = names.find((each) => each === value);
    if (found === undefined) throw this.wrong(name);
    return found;
  }

  flag(name: string): boolean {
    const value = this.options[name];
    if (typeof value !== 'boolean') throw this.wrong(name);
    return value;
  }

  /** Widths from the features to the amplitude. */
  widths(features: number): number[] {
    const hidden = this.numbers('layers');
    if (!hidden.every((width) => Number.isInteger(width) && width > 0)) throw this.wrong('layers');
    return [features, ...hidden, 1];
  }

  private wrong(name: string): FewSoundError {
    const value = JSON.stringify(this.options[name]);
    return this.fault(`its metadata describe no model that can be played: ${name} is ${value}`);
  }
}
