/** Numbers of a tensor, flat in row-major order. */
export type Values = Float32Array | Float64Array;

/** How far one computed tensor is from the golden one. */
export interface Comparison {
  /** Name of the tensor in the file. */
  readonly name: string;
  /** Largest |ours - golden|. */
  readonly absolute: number;
  /** `absolute` divided by the largest |golden|: see {@link compare}. */
  readonly relative: number;
  /** What `relative` may reach. */
  readonly tolerance: number;
  /** Why the tolerance is wider than the rule, where it is. */
  readonly reason?: string;
}

/**
 * The relative error of a tensor is the largest difference divided by the largest magnitude of the
 * golden tensor, both over all elements: the error in the maximum norm. An element by element quotient
 * would ask for digits of numbers that are what is left of a cancellation. A golden tensor of zeros
 * has no scale; there the relative error is the absolute one.
 */
export function compare(
  name: string,
  ours: ArrayLike<number>,
  golden: ArrayLike<number>,
  tolerance: number,
  reason?: string,
): Comparison {
  if (ours.length !== golden.length) {
    throw new Error(`${name}: ${ours.length} numbers, the golden tensor has ${golden.length}`);
  }
  let absolute = 0;
  let scale = 0;
  for (let i = 0; i < golden.length; i++) {
    const difference = Math.abs((ours[i] as number) - (golden[i] as number));
    // NaN must not hide behind a comparison.
    if (!(difference <= absolute)) absolute = Number.isNaN(difference) ? Infinity : difference;
    scale = Math.max(scale, Math.abs(golden[i] as number));
  }
  const relative = scale === 0 ? absolute : absolute / scale;
  return { name, absolute, relative, tolerance, ...(reason !== undefined && { reason }) };
}

/** Whether a tensor is within its tolerance. */
export function passes({ relative, tolerance }: Comparison): boolean {
  return relative <= tolerance;
}
