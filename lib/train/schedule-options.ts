import { z } from 'zod';
import { nonNegativeNumber, optionsObject, positiveNumber } from '../native/option-fields.js';

/** The same rate at every step. */
export interface ConstantSchedule {
  kind: 'constant';
}

/** From the learning rate down to a minimum along half a cosine. */
export interface CosineSchedule {
  kind: 'cosine';
  /** The rate at the end, 0 or more. Default 0. */
  minimum?: number;
}

/**
 * One cycle (Smith & Topin 2018) with PyTorch's defaults: up to the learning rate and down again along
 * cosines, β₁ the other way round.
 */
export interface OneCycleSchedule {
  kind: 'oneCycle';
  /** First rate = learning rate / this. Above 0, default 25. */
  divFactor?: number;
  /** Last rate = first rate / this. Above 0, default 1e4. */
  finalDivFactor?: number;
  /** Part of the steps spent rising, 0 to 1. Default 0.3. */
  warmupFraction?: number;
  /** β₁ at the highest rate. Default 0.85. */
  beta1Base?: number;
  /** β₁ at both ends. Default 0.95. */
  beta1Max?: number;
}

export type Schedule = ConstantSchedule | CosineSchedule | OneCycleSchedule;
export type ScheduleKind = Schedule['kind'];

const fractionError = 'Expected a number from 0 to 1';
const fraction = z
  .number({ error: fractionError })
  .gte(0, { error: fractionError })
  .lte(1, { error: fractionError });
const betaError = 'Expected a number from 0 to below 1';

/** Decay of a moment. */
export const beta = z
  .number({ error: betaError })
  .gte(0, { error: betaError })
  .lt(1, { error: betaError });

const constant = { kind: z.literal('constant') };
const cosine = { kind: z.literal('cosine'), minimum: nonNegativeNumber.default(0) };
const oneCycle = {
  kind: z.literal('oneCycle'),
  divFactor: positiveNumber.default(25),
  finalDivFactor: positiveNumber.default(1e4),
  warmupFraction: fraction.default(0.3),
  beta1Base: beta.default(0.85),
  beta1Max: beta.default(0.95),
};

const kindError =
  "Expected 'constant', 'cosine', 'oneCycle', or an object with one of them as kind";

const objectSchema = z.discriminatedUnion(
  'kind',
  [optionsObject(constant), optionsObject(cosine), optionsObject(oneCycle)],
  { error: kindError },
);

/** A kind alone stands for that kind with its defaults. */
export const scheduleSchema = z.preprocess(
  (value) =>
    value === 'constant' || value === 'cosine' || value === 'oneCycle' ? { kind: value } : value,
  objectSchema,
);

/** A schedule with all its numbers. */
export type ResolvedSchedule = z.output<typeof scheduleSchema>;
