/** A metric over several recordings. */
export interface MetricStatistics {
  readonly mean: number | null;
  /** Standard deviation over the recordings, of which each counts as one of n. */
  readonly deviation: number | null;
  /** Recordings for which it is defined. */
  readonly segments: number;
}

/** Mean and deviation of a metric where it is defined. */
export function metricStatistics(values: readonly (number | null)[]): MetricStatistics {
  const defined = values.filter((value) => value !== null);
  const segments = defined.length;
  if (segments === 0) return { mean: null, deviation: null, segments };
  const mean = defined.reduce((sum, value) => sum + value, 0) / segments;
  const variance = defined.reduce((sum, value) => sum + (value - mean) ** 2, 0) / segments;
  return { mean, deviation: Math.sqrt(variance), segments };
}
