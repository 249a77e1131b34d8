import { describeMetric, formatMetric } from '../report/metric-names.js';
import { formatCount } from '../report/numbers.js';
import { paperColumns } from '../report/runs-table.js';
import type { TrainProgress, ValidationResult } from '../train/index.js';
import type { CommandContext } from './command-context.js';
import { clock, type ProgressDisplay, showProgress } from './progress-bar.js';

/** Shows how far a training is. */
export function trainingDisplay(context: CommandContext): Promise<ProgressDisplay<TrainProgress>> {
  return showProgress<TrainProgress>(context, '', {
    position: ({ step, steps }) => ({ done: step, total: steps }),
    describe: ({ epoch, epochs, step, steps, loss, samplesPerSecond, secondsLeft }) =>
      [
        `epoch ${epoch}/${epochs}`,
        `step ${formatCount(step)}/${formatCount(steps)}`,
        `loss ${loss.toPrecision(4)}`,
        `${samplesPerSecond.toPrecision(3)} recordings/s`,
        `${clock(secondsLeft)} left`,
      ].join('  '),
  });
}

/** A validation in a line: the loss and the columns of the paper's tables that were measured. */
export function validationLine({ epoch, loss, metrics, best }: ValidationResult): string {
  const measured = new Map<string, number | null>(Object.entries(metrics));
  const values = paperColumns
    .filter((name) => measured.has(name))
    .map((name) => {
      const { name: title, unit } = describeMetric(name);
      const value = measured.get(name);
      return `${title} ${formatMetric(name, value)}${unit !== '' && value !== null ? ` ${unit}` : ''}`;
    });
  return [
    `validation after epoch ${epoch}`,
    `loss ${loss.toPrecision(4)}`,
    ...values,
    ...(best ? ['best'] : []),
  ].join('  ');
}
