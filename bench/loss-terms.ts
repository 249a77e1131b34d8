import type { LossOptions } from '../lib/options.generated.js';
import { fit } from '../lib/train/index.js';
import { inTurn, machine, median } from './measure.js';
import { benchmarkClip, benchmarkNetwork } from './subjects.js';

/** The paper's loss, and the same with one term more each. */
const LOSSES = {
  paper: {},
  emphasized: { emphasized: 1 },
  localPower: { emphasized: 1, localPower: 0.7 },
  stft: { stft: 0.3 },
} as const satisfies Readonly<Record<string, LossOptions>>;

/**
 * What the terms of the loss beyond the paper's cost: the time of a KAN's step with each, and how
 * many times that of the paper's loss it is. `localPower` weights the pre-emphasized term and is
 * measured with it.
 */
export async function lossTerms({
  threads,
  rounds,
  steps,
}: {
  threads: number;
  rounds: number;
  steps: number;
}) {
  const clip = benchmarkClip();
  using network = benchmarkNetwork('kan');
  const stepWith = (loss: LossOptions) => async () =>
    (await fit(network, clip, { steps, threads, loss })).secondsPerStep;
  const times = await inTurn(
    rounds,
    Object.fromEntries(Object.entries(LOSSES).map(([name, loss]) => [name, stepWith(loss)])),
  );
  // Against the step beside it: what slows a whole round down slows both.
  const { paper = [] } = times;
  const ofEach = (measure: (seconds: readonly number[]) => number) =>
    Object.fromEntries(Object.entries(times).map(([name, seconds]) => [name, measure(seconds)]));
  const milliseconds = ofEach((seconds) => median(seconds) * 1000);
  const ratios = ofEach((seconds) =>
    median(seconds.map((each, round) => each / (paper[round] as number))),
  );
  return { benchmark: 'loss-terms', threads, rounds, steps, ...machine(), milliseconds, ratios };
}
