import type { Metrics } from '../../metrics/index.js';

/** Where a training is. */
export interface TrainProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Updates done in all, and of the whole training. */
  readonly step: number;
  readonly steps: number;
  /** Of the batch, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** Recordings learned from in a second, of all processes. */
  readonly samplesPerSecond: number;
  /** In this call of `train`. */
  readonly secondsElapsed: number;
  /** Estimate, validations included. */
  readonly secondsLeft: number;
}

/** One pass over the validation part. */
export interface ValidationResult {
  readonly step: number;
  readonly epoch: number;
  /** Mean loss of the segments. */
  readonly loss: number;
  /** Mean of each metric over the segments for which it is defined; null where it is for none. */
  readonly metrics: Partial<Metrics>;
  readonly segments: number;
  readonly seconds: number;
  /** Whether none before had a lower loss. */
  readonly best: boolean;
}
