import { addon } from '../../native/addon.js';
import { type ScheduledRate, scheduleArgument } from '../schedule.js';
import type { ResolvedSchedule } from '../schedule-options.js';

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
    // A cycle begins at the rate that was asked for and rises from there.
    learningRate: schedule.kind === 'oneCycle' ? learningRate * schedule.divFactor : learningRate,
    steps: perBatch ? epochs * stepsPerEpoch : epochs,
    beta1: betas[0],
  });
  return addon().scheduledRate(argument, perBatch ? step : Math.floor(step / stepsPerEpoch));
}
