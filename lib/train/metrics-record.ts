import { z } from 'zod';
import { type Metrics, metricNames } from '../metrics/index.js';

// What a line of metrics.jsonl holds. JSON knows no NaN and no infinity: both are null there.

/** One update of the weights. */
export interface StepRecord {
  readonly kind: 'step';
  /** Updates done, from 1. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Of the batch, before the update; null where it was not finite. */
  readonly loss: number | null;
  readonly learningRate: number;
  /** The optimiser's, where a schedule changes it. */
  readonly beta1?: number;
  /** Euclidean norm of all gradients together, before clipping; null where it was not finite. */
  readonly gradNorm: number | null;
  /** Recordings learned from in a second. */
  readonly samplesPerSecond: number;
  /** Wall-clock time since the training began, interruptions left out. */
  readonly seconds: number;
}

/**
 * One pass over the validation part: its mean loss, and means of metrics by their names in
 * `evaluate`; null where one is undefined or was not finite.
 */
export type ValidationRecord = {
  readonly kind: 'validation';
  /** Updates done before it. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  /** Wall-clock time since the training began, interruptions left out. */
  readonly seconds: number;
  /** Of a classifier: part of the recordings that it took for what they are. */
  readonly accuracy?: number | null;
} & Readonly<Partial<Metrics>>;

/** What the training noticed, and went on in spite of. */
export interface WarningRecord {
  readonly kind: 'warning';
  /** Updates done before it. */
  readonly step: number;
  readonly epoch: number;
  /** Of the kind of warning: `CONSTANT_OUTPUT`. */
  readonly code: string;
  /** What was seen, and what to do about it. */
  readonly message: string;
  /** Wall-clock time since the training began, interruptions left out. */
  readonly seconds: number;
}

/** A line of metrics.jsonl. */
export type MetricsRecord = StepRecord | ValidationRecord | WarningRecord;

const count = z.number().int().nonnegative();
const number = z.number().nullable();

// Fields that a later fewsound has added are kept.
const step = z.looseObject({
  kind: z.literal('step'),
  step: count,
  epoch: count,
  loss: number,
  learningRate: z.number(),
  beta1: z.number().optional(),
  gradNorm: number,
  samplesPerSecond: z.number(),
  seconds: z.number(),
});

const validation = z.looseObject({
  kind: z.literal('validation'),
  step: count,
  epoch: count,
  loss: number,
  seconds: z.number(),
  accuracy: number.optional(),
  ...Object.fromEntries(metricNames.map((name) => [name, number.optional()])),
});

const warning = z.looseObject({
  kind: z.literal('warning'),
  step: count,
  epoch: count,
  code: z.string(),
  message: z.string(),
  seconds: z.number(),
});

export const metricsRecordSchema = z.discriminatedUnion('kind', [step, validation, warning]);
