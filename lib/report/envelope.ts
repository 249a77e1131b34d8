/** The smallest and the largest of the values that share a column of a plot. */
export interface EnvelopeColumn {
  /** Index of the middle of the column, from 0. */
  readonly index: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

/**
 * At most `columns` columns that together span `values`: a plot of them looks like the plot of all
 * values and stays small. Values that are not finite are left out.
 */
export function envelope(values: ArrayLike<number>, columns: number): EnvelopeColumn[] {
  const count = Math.min(columns, values.length);
  const result: EnvelopeColumn[] = [];
  for (let column = 0; column < count; column++) {
    const from = Math.floor((column * values.length) / count);
    const to = Math.floor(((column + 1) * values.length) / count);
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let finite = 0;
    for (let index = from; index < to; index++) {
      const value = values[index] as number;
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
      sum += value;
      finite++;
    }
    if (finite > 0) result.push({ index: (from + to - 1) / 2, low, high, mean: sum / finite });
  }
  return result;
}

/** Start of the stretch of `length` samples with the most energy. */
export function loudestStretch(samples: Float32Array, length: number): number {
  if (samples.length <= length) return 0;
  let energy = 0;
  for (let index = 0; index < length; index++) energy += (samples[index] as number) ** 2;
  let best = energy;
  let start = 0;
  for (let index = length; index < samples.length; index++) {
    energy += (samples[index] as number) ** 2 - (samples[index - length] as number) ** 2;
    if (energy > best) {
      best = energy;
      start = index - length + 1;
    }
  }
  return start;
}
