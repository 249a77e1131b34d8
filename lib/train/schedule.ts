import { z } from 'zod';
import { addon } from '../addon/addon.js';
import type { ScheduleArgument } from '../addon/models.js';
import {
  nonNegativeNumber,
  optionsObject,
  parseOptions,
  positiveNumber,
  wholeNumber,
} from '../options.js';

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

/** A schedule together with what it scales: everything that decides the rate of a step. */
export interface RateSchedule {
  /** A kind or a kind with its numbers. Default 'constant'. */
  schedule?: Schedule['kind'] | Schedule;
  /** The highest rate: the constant one, the first of a cosine, the peak of a cycle. */
  learningRate: number;
  /** Length of the whole schedule, in updates. */
  steps: number;
  /** β₁ of the constant and the cosine schedule. Default 0.9. */
  beta1?: number;
}

/** What an update is made with. */
export interface ScheduledRate {
  readonly learningRate: number;
  readonly beta1: number;
}

const rateSchema = z.strictObject({
  schedule: scheduleSchema.default({ kind: 'constant' }),
  learningRate: positiveNumber,
  steps: wholeNumber(1, 100_000_000),
  beta1: beta.default(0.9),
});

/**
 * Learning rate and β₁ of one update, as `fit` has them.
 *
 * @param step number of the update, from 0; past the end the last rate holds
 * @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected
 */
export function learningRateAt(schedule: RateSchedule, step: number): ScheduledRate {
  const resolved = parseOptions(rateSchema, schedule, 'schedule');
  const number = parseOptions(wholeNumber(0, Number.MAX_SAFE_INTEGER), step, 'step');
  return addon().scheduledRate(scheduleArgument(resolved), number);
}

/** A schedule as the addon takes it. */
export function scheduleArgument(settings: {
  schedule: ResolvedSchedule;
  learningRate: number;
  steps: number;
  beta1: number;
}): ScheduleArgument {
  const { schedule, learningRate, steps, beta1 } = settings;
  return { ...schedule, learningRate, totalSteps: steps, beta1 };
}

/** The highest rate, which is what `learningRate` names, of a schedule that begins at a given one. */
export function peakFrom(firstRate: number, schedule: ResolvedSchedule): number {
  return schedule.kind === 'oneCycle' ? firstRate * schedule.divFactor : firstRate;
}

/** Of configurations of trainings, and of the course in their checkpoints: see {@link withPeakRate}. */
export const courseVersion = 2;

/**
 * Options or the course of a training as this version has them. Until version 2, `learningRate` of `train` and
 * `trainClassifier` was the first rate of one cycle; now it is the highest, as in `fit`.
 *
 * @param usual the schedule where none is given
 */
export function withPeakRate<T extends { learningRate?: unknown; schedule?: unknown }>(
  stored: T,
  usual: ScheduleKind = 'constant',
): T {
  const schedule = scheduleSchema.safeParse(stored.schedule ?? usual);
  if (typeof stored.learningRate !== 'number' || !schedule.success) return stored;
  return { ...stored, learningRate: peakFrom(stored.learningRate, schedule.data) };
}

/** What decides the rate of an update. */
export interface RatedTraining {
  readonly options: {
    readonly schedule: ResolvedSchedule;
    readonly learningRate: number;
    /** What the schedule counts. */
    readonly stepPer: 'batch' | 'epoch';
    readonly epochs: number;
    readonly betas: readonly [number, number];
  };
  readonly stepsPerEpoch: number;
}

/**
 * Learning rate and β₁ of an update.
 *
 * @param step number of the update, from 0
 */
export function rateOfStep({ options, stepsPerEpoch }: RatedTraining, step: number): ScheduledRate {
  const { schedule, learningRate, stepPer, epochs, betas } = options;
  const perBatch = stepPer === 'batch';
  const argument = scheduleArgument({
    schedule,
    learningRate,
    steps: perBatch ? epochs * stepsPerEpoch : epochs,
    beta1: betas[0],
  });
  return addon().scheduledRate(argument, perBatch ? step : Math.floor(step / stepsPerEpoch));
}
