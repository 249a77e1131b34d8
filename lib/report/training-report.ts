import type { MetricName } from '../metrics/index.js';
import { metricNames } from '../metrics/index.js';
import { writeFileAtomic } from '../native/atomic-write.js';
import { checkTrainingReportInput } from './check-input.js';
import { html, type Markup } from './html.js';
import { formatMetric } from './metric-names.js';
import { formatCount, formatSeconds } from './numbers.js';
import { renderPage, section } from './page.js';
import { reconstructionsSection } from './reconstructions.js';
import { keyFigures, metricFigures } from './sections.js';
import { factsTables } from './tables.js';
import { curvesSection, type RecordedCourse } from './training-curves.js';
import type {
  ReportedStep,
  ReportedValidation,
  TrainingReportInput,
} from './training-report-input.js';
import { metricsOf, validationsSection } from './validation-table.js';

/**
 * Writes one self-contained HTML file about a training on a corpus: curves of losses, metrics and
 * learning rate, a table of the validations with the best marked, reconstructions to listen to and to
 * look at, and what was trained on what. A training that was stopped, or has not come far, has one too.
 *
 * The file needs no network and nothing beside it. It is written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where samples are missing, not finite or of unequal lengths,
 *   or there is no validation at `bestStep`; `IO` where the file cannot be written
 */
export async function writeTrainingReport(path: string, input: TrainingReportInput): Promise<void> {
  await writeFileAtomic(path, await renderTrainingReport(input));
}

/** The document of `writeTrainingReport` as text. */
export async function renderTrainingReport(input: TrainingReportInput): Promise<string> {
  checkTrainingReportInput(input);
  const { records, bestStep, stepsPerEpoch } = input;
  const course: RecordedCourse = {
    steps: records.filter((record): record is ReportedStep => record.kind === 'step'),
    validations: records.filter(
      (record): record is ReportedValidation => record.kind === 'validation',
    ),
    bestStep,
    stepsPerEpoch,
  };
  const columns = input.columns ?? recordedMetrics(course.validations);
  return renderPage({
    title: input.title,
    summary: input.summary ?? progress(input),
    date: input.date ?? new Date(),
    version: input.version,
    sections: [
      figures(input, course, columns),
      await curvesSection(course),
      validationsSection(course.validations, columns, bestStep),
      await reconstructionsSection(input.reconstructions),
      Object.keys(input.facts).length > 0
        ? section('Settings', factsTables(input.facts))
        : undefined,
    ],
  });
}

function recordedMetrics(validations: readonly ReportedValidation[]): MetricName[] {
  return metricNames.filter((name) =>
    validations.some((validation) => validation[name] !== undefined),
  );
}

/** How far the training came, in words. */
function progress({ records, plannedSteps }: TrainingReportInput): string {
  const last = records.at(-1);
  if (last === undefined) return 'Nothing was recorded: the training ended before its first step.';
  const { step, epoch, seconds } = last;
  const extent = `${formatCount(step)} steps in ${epoch} ${epoch === 1 ? 'epoch' : 'epochs'} and ${formatSeconds(seconds)}`;
  if (plannedSteps === undefined || step >= plannedSteps) return `${extent}.`;
  return `${extent}. The training was to have ${formatCount(plannedSteps)} steps; this is what it had learned when it was stopped.`;
}

/** The best validation, or the last where none is said to be the best. */
function figures(
  { records }: TrainingReportInput,
  { validations, bestStep }: RecordedCourse,
  columns: readonly MetricName[],
): Markup | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  const shown = validations.find(({ step }) => step === bestStep) ?? validations.at(-1);
  const course = [
    { name: 'Steps', value: formatCount(last.step) },
    { name: 'Time', value: formatSeconds(last.seconds) },
  ];
  if (shown === undefined) return keyFigures(course);
  const metrics = metricsOf(shown);
  const chosen = (['siSnr', 'psnr', 'lsd', 'pesq', 'stoi'] as const).filter((key) =>
    columns.includes(key),
  );
  const which = shown.step === bestStep ? 'best' : 'last';
  return html`${keyFigures([
    { name: 'Validation loss', value: formatMetric('loss', metrics.loss) },
    ...metricFigures(chosen, metrics),
    ...course,
  ])}<p class="note">Metrics of the ${which} validation, after epoch ${shown.epoch}.</p>`;
}
