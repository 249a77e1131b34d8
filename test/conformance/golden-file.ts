import { basename, dirname } from 'node:path';
import { type Device, ops, readSafetensors, type Tensor } from '../../lib/tensor/index.js';

/** How a golden file is looked at. */
export interface ReadOptions {
  readonly device?: Device;
  readonly evidence?: 'always' | 'where needed';
}

/** A golden file: its tensors, and its settings parsed from the JSON in the metadata. */
export class GoldenFile {
  private constructor(
    readonly name: string,
    readonly tensors: ReadonlyMap<string, Tensor>,
    /** Where its tensors are, and what is checked is to be computed. */
    readonly device: Device,
    /** The folder that it is in. */
    readonly folder: string,
    /** Whether float32 is set against float64 always, or only where the rule is not met. */
    readonly evidence: 'always' | 'where needed',
    private readonly metadata: Readonly<Record<string, string>>,
  ) {}

  /** Its tensors belong to the scope around. */
  static async read(
    path: string,
    { device = 'cpu', evidence = 'where needed' }: ReadOptions = {},
  ): Promise<GoldenFile> {
    const { tensors, metadata } = await readSafetensors(path);
    const moved = new Map([...tensors].map(([name, tensor]) => [name, tensor.to({ device })]));
    const name = basename(path, '.safetensors');
    return new GoldenFile(name, moved, device, dirname(path), evidence, metadata);
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  tensor(name: string): Tensor {
    const found = this.tensors.get(name);
    if (found === undefined) throw new Error(`the golden file lacks the tensor "${name}"`);
    return found;
  }

  /** The tensors whose names begin with a prefix, without it. */
  group(prefix: string): Map<string, Tensor> {
    return new Map(
      [...this.tensors].flatMap(([name, tensor]) =>
        name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), tensor] as const] : [],
      ),
    );
  }

  setting<T>(name: string): T | undefined {
    const text = this.metadata[name];
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  need<T>(name: string): T {
    const value = this.setting<T>(name);
    if (value === undefined) throw new Error(`the golden file lacks the setting "${name}"`);
    return value;
  }
}

/** The numbers of a tensor in row-major order; of a complex one (real, imaginary) pairs. */
export function numbers(tensor: Tensor): Float32Array | Float64Array {
  return tensor.detach().to({ device: 'cpu' }).contiguous().data() as Float32Array | Float64Array;
}

/** A scalar as an array of one. */
export function scalar(tensor: Tensor): Float64Array {
  return Float64Array.of(ops.to(tensor.detach(), { dtype: 'float64' }).item());
}
