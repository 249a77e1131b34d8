import type { ReportedModel, ReportedRun } from '../report/index.js';
import { type Fitted, summarise, type TrainingSummary } from './fitting.js';
import { versions } from './versions.js';

/** A fitted network as reports show it. */
export function reportedModel({
  fitting,
  network,
  pieces,
  reconstruction,
  metrics,
}: Fitted): ReportedModel {
  const { steps, losses, seconds, secondsPerStep, warnings } = summarise(pieces);
  const [only, ...others] = pieces;
  const { seed, dtype } = fitting.training;
  return {
    kind: fitting.kind,
    parameters: network.parameterCount,
    options: {
      ...fitting.resolvedModel,
      seed,
      dtype,
      ...(others.length > 0 && { pieces: pieces.length }),
    },
    reconstruction,
    metrics,
    losses,
    // Pieces have a curve each, which do not make one.
    ...(only && others.length === 0 && { siSnr: only.siSnr }),
    steps,
    seconds,
    secondsPerStep,
    warnings,
  };
}

/** How networks were fitted. */
export function reportedRun(
  training: Readonly<Record<string, unknown>>,
  { device, threads }: Pick<TrainingSummary, 'device' | 'threads'>,
): ReportedRun {
  return { device, threads, training, versions: versions() };
}
