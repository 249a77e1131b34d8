import type { ResolvedLoss } from '../loss-options.js';
import type { Ramp, ResolvedTrain } from './train-options.js';

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
