/** The largest difference of two tensors. */
export interface Distance {
  /** Largest |ours - golden|. */
  readonly absolute: number;
  /** `absolute` divided by the largest |golden|: see {@link distance}. */
  readonly relative: number;
}

/** What float64 says about a float32 tensor: relative distances from our evaluation in float64. */
export interface Float64Evidence {
  /** Of the golden tensor. */
  readonly golden: number;
  /** Of ours in float32. */
  readonly ours: number;
  /** Of float64 evaluations with every parameter moved by half a float32 unit, the largest. */
  readonly rounding: number;
}

/** How far one computed tensor is from the golden one. */
export interface Comparison extends Distance {
  /** Name of the tensor in the file. */
  readonly name: string;
  /** What `relative` may reach where float64 has nothing else to say. */
  readonly tolerance: number;
  readonly float64?: Float64Evidence;
  /** Why the tolerance is wider than the rule, where it is. */
  readonly reason?: string;
}

/**
 * The relative distance of a tensor is the largest difference divided by the largest magnitude of
 * the reference, both over all elements: the error in the maximum norm. An element by element
 * quotient would ask for digits of numbers that are what is left of a cancellation. A reference of
 * zeros has no scale; there the relative distance is the absolute one. NaN is infinitely far from
 * anything.
 */
export function distance(values: ArrayLike<number>, reference: ArrayLike<number>): Distance {
  let absolute = 0;
  let scale = 0;
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs((values[i] as number) - (reference[i] as number));
    // NaN must not hide behind a comparison.
    if (!(difference <= absolute)) absolute = Number.isNaN(difference) ? Infinity : difference;
    scale = Math.max(scale, Math.abs(reference[i] as number));
  }
  return { absolute, relative: scale === 0 ? absolute : absolute / scale };
}

/** Compares a tensor with the golden one of its name. */
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
  return { name, ...distance(ours, golden), tolerance, ...(reason !== undefined && { reason }) };
}

/** Whether a tensor is within its tolerance, or what is past it is rounding. */
export function passes(comparison: Comparison): boolean {
  return comparison.relative <= comparison.tolerance || isRounding(comparison);
}

/**
 * Every sum of a layer rounds again, so the golden tensor may be several times as far from float64
 * as moving the parameters takes it; seen are up to five among the tensors that are past the rule.
 */
const ROUNDINGS = 8;

/** Two machines that round otherwise are not equally lucky; seen is a factor of 1.3. */
const CHANCE = 4;

/**
 * Whether rounding alone may have done what is between a tensor and the golden one: float64
 * confirms the golden one to what rounding explains, and ours is as near to it, but for chance.
 */
export function isRounding({ float64 }: Comparison): boolean {
  if (float64 === undefined) return false;
  const { golden, ours, rounding } = float64;
  return golden <= ROUNDINGS * rounding && ours <= CHANCE * Math.max(golden, rounding);
}
