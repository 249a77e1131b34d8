import type { FitProgress } from '../train/index.js';
import type { CommandContext } from './command-context.js';
import { clock, type ProgressDisplay, showProgress } from './progress-bar.js';

/** Shows how far a fit is. */
export function fitProgress(
  context: CommandContext,
  label: string,
): Promise<ProgressDisplay<FitProgress>> {
  return showProgress<FitProgress>(context, label, {
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
