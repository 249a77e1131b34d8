import { z } from 'zod';
import { addon } from '../addon/addon.js';
import type { Schedule, ScheduleOptions } from '../options.generated.js';
import { fieldsOf, fitGroup, optionsObject, parseOptions, wholeNumber } from '../options.js';
import { lossSchema } from './loss.js';

export type ScheduleKind = Schedule['kind'];

const rows = fitGroup('schedule');
const kinds = rows.find(({ name }) => name === 'kind')?.names as readonly ScheduleKind[];

// What belongs to no kind is not in a schedule as people give it: it comes from the training.
const required = rows.map((row) => ({ ...row, required: true }));
const { learningRate, totalSteps, beta1 } = fieldsOf<Required<ScheduleOptions>>(required);
export const beta = beta1;

const [first, ...others] = kinds.map((kind) =>
  optionsObject({
    kind: z.literal(kind),
    ...fieldsOf(rows.filter((row) => row.kinds?.includes(kind))),
  }),
);

/** A kind alone stands for that kind with its defaults. */
export const scheduleSchema: z.ZodType<ResolvedSchedule> = z.preprocess(
  (value) => (kinds.some((kind) => kind === value) ? { kind: value } : value),
  z.discriminatedUnion('kind', [first as NonNullable<typeof first>, ...others], {
    error: `Expected ${kinds.map((kind) => `'${kind}'`).join(', ')}, or an object with one of them as kind`,
  }) as unknown as z.ZodType<ResolvedSchedule>,
);

/** A schedule with all its numbers. */
export type ResolvedSchedule = Schedule extends infer Each ? Required<Each> : never;

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
  learningRate,
  steps: totalSteps,
  beta1: fieldsOf<Required<ScheduleOptions>>(rows).beta1,
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
}): ScheduleOptions {
  const { schedule, learningRate, steps, beta1 } = settings;
  return { ...schedule, learningRate, totalSteps: steps, beta1 };
}

/**
 * The highest rate, which is what `learningRate` names, of a schedule that begins at a given one.
 */
export function peakFrom(firstRate: number, schedule: ResolvedSchedule): number {
  return schedule.kind === 'oneCycle' ? firstRate * schedule.divFactor : firstRate;
}

/**
 * Of configurations of trainings, and of the course in their checkpoints: see {@link withPeakRate}.
 */
export const courseVersion = 2;

/**
 * Options or the course of a training as this version has them. Until version 2, `learningRate` of
 * `train` and `trainClassifier` was the first rate of one cycle; now it is the highest, as in
 * `fit`.
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

/**
 * A stored course, with the defaults of what its version did not know in the loss and the schedule.
 */
export function withDefaults<T extends Record<string, unknown>>(stored: T): T {
  const loss = lossSchema().safeParse(stored.loss);
  const schedule = scheduleSchema.safeParse(stored.schedule);
  return {
    ...stored,
    ...(loss.success && { loss: loss.data }),
    ...(schedule.success && { schedule: schedule.data }),
  };
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
