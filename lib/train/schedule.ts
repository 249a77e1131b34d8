import { z } from 'zod';
import { addon } from '../native/addon.js';
import type { ScheduleArgument } from '../native/model-addon.js';
import { positiveNumber, wholeNumber } from '../native/option-fields.js';
import { parseOptions } from '../native/options.js';
import { beta, type ResolvedSchedule, type Schedule, scheduleSchema } from './schedule-options.js';

/** A schedule together with what it scales: everything that decides the rate of a step. */
export interface RateSchedule {
  /** A kind or a kind with its numbers. Default 'constant'. */
  schedule?: Schedule['kind'] | Schedule;
  /** The constant rate, the first one of a cosine, the highest one of a cycle. */
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
