import { addon } from '../../native/addon.js';
import type { ResolvedLoss } from '../loss-options.js';
import { type ScheduledRate, scheduleArgument } from '../schedule.js';
import type { Ramp, ResolvedTrain } from './train-options.js';

/** What decides the rate of an update. */
export interface RatedTraining {
  readonly options: Pick<
    ResolvedTrain,
    'schedule' | 'learningRate' | 'stepPer' | 'epochs' | 'betas'
  >;
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

/** The loss in an epoch, counted from 1: weights with a ramp begin with its first value in epoch 1. */
export function lossInEpoch(
  loss: ResolvedLoss,
  ramps: ResolvedTrain['lossRamps'],
  epoch: number,
): ResolvedLoss {
  const along = ({ from, to, epochs }: Ramp) =>
    from + (to - from) * Math.min(1, (epoch - 1) / epochs);
  const changed = Object.entries(ramps).flatMap(([name, ramp]) =>
    ramp === undefined ? [] : [[name, along(ramp)]],
  );
  return { ...loss, ...Object.fromEntries(changed) };
}
