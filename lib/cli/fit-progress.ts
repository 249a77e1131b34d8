import type { CommandContext } from './command-context.js';
import { clock, type ProgressDisplay, showProgress } from './progress-bar.js';

/** What a fit reports while it runs. */
export interface FitState {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** dB; null where undefined. */
  readonly siSnr: number | null;
  readonly stepsPerSecond: number;
  readonly secondsElapsed: number;
  readonly secondsLeft: number;
}

/** Shows how far a fit is. */
export function fitProgress(
  context: CommandContext,
  label: string,
): Promise<ProgressDisplay<FitState>> {
  return showProgress<FitState>(context, label, {
    position: ({ step, steps }) => ({ done: step, total: steps }),
    describe: ({ step, steps, loss, siSnr, stepsPerSecond, secondsLeft }) => {
      const total = String(steps);
      return [
        `${String(step).padStart(total.length)}/${total}`,
        `loss ${loss.toPrecision(4)}`,
        `SI-SNR ${siSnr === null ? 'undefined' : `${siSnr.toFixed(2)} dB`}`,
        `${stepsPerSecond.toFixed(1)} steps/s`,
        `${clock(secondsLeft)} left`,
      ].join('  ');
    },
  });
}
