import { metricNames } from '../metrics/index.js';
import type { Markup } from './html.js';
import { formatCount, formatSeconds } from './numbers.js';
import { section } from './page.js';
import { factsTables } from './tables.js';
import type {
  ReportedStep,
  ReportedTraining,
  ReportedValidation,
  ValidationMetric,
} from './training-report-input.js';

/** What a training recorded over its course. */
export interface RecordedCourse {
  readonly steps: readonly ReportedStep[];
  readonly validations: readonly ReportedValidation[];
  readonly warnings: readonly string[];
  readonly bestStep: number | undefined;
  readonly stepsPerEpoch: number | undefined;
}

export function courseOf({ records, bestStep, stepsPerEpoch }: ReportedTraining): RecordedCourse {
  return {
    steps: records.filter((record): record is ReportedStep => record.kind === 'step'),
    validations: records.filter(
      (record): record is ReportedValidation => record.kind === 'validation',
    ),
    warnings: records.flatMap((record) => (record.kind === 'warning' ? [record.message] : [])),
    bestStep,
    stepsPerEpoch,
  };
}

/** What the validations measured beside the loss, in the order of tables. */
export function recordedMetrics({ validations }: RecordedCourse): ValidationMetric[] {
  return (['accuracy', ...metricNames] as const).filter((name) =>
    validations.some((validation) => validation[name] !== undefined),
  );
}

/** The best validation, or the last where none is said to be the best. */
export function shownValidation({ validations, bestStep }: RecordedCourse): {
  readonly which: 'best' | 'last';
  readonly record: ReportedValidation;
} | null {
  const record = validations.find(({ step }) => step === bestStep) ?? validations.at(-1);
  return record === undefined
    ? null
    : { which: record.step === bestStep ? 'best' : 'last', record };
}

/** How far the training came, in words. */
export function progress({ records, plannedSteps }: ReportedTraining): string {
  const last = records.at(-1);
  if (last === undefined) return 'Nothing was recorded: the training ended before its first step.';
  const { step, epoch, seconds } = last;
  const extent = `${formatCount(step)} steps in ${epoch} ${epoch === 1 ? 'epoch' : 'epochs'} and ${formatSeconds(seconds)}`;
  if (plannedSteps === undefined || step >= plannedSteps) return `${extent}.`;
  return `${extent}. The training was to have ${formatCount(plannedSteps)} steps; this is what it had learned when it was stopped.`;
}

/** What was trained on what, where. */
export function settingsSection({ facts }: Pick<ReportedTraining, 'facts'>): Markup | undefined {
  return Object.keys(facts).length > 0 ? section('Settings', factsTables(facts)) : undefined;
}
