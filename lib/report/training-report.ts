import { writeFileAtomic } from '../files.js';
import { checkTrainingReportInput } from './check-input.js';
import { formatMetric } from './metrics.js';
import { html, type Markup, renderPage } from './page.js';
import { reconstructionsSection } from './reconstructions.js';
import { keyFigures, metricFigures, warningsNote } from './sections.js';
import { metricsOf, validationsSection } from './tables.js';
import { formatCount, formatSeconds } from './text-table.js';
import {
  courseOf,
  curvesSection,
  progress,
  type RecordedCourse,
  recordedMetrics,
  settingsSection,
  shownValidation,
} from './training-curves.js';
import type { TrainingReportInput, ValidationMetric } from './types.js';

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
  const course = courseOf(input);
  const columns = input.columns ?? recordedMetrics(course);
  return renderPage({
    title: input.title,
    summary: input.summary ?? progress(input),
    date: input.date ?? new Date(),
    version: input.version,
    sections: [
      warningsNote(course.warnings),
      figures(input, course, columns),
      await curvesSection(course),
      validationsSection(course.validations, columns, course.bestStep),
      await reconstructionsSection(input.reconstructions),
      settingsSection(input),
    ],
  });
}

/** The best validation, or the last where none is said to be the best. */
function figures(
  { records }: TrainingReportInput,
  recorded: RecordedCourse,
  columns: readonly ValidationMetric[],
): Markup | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  const shown = shownValidation(recorded);
  const course = [
    { name: 'Steps', value: formatCount(last.step) },
    { name: 'Time', value: formatSeconds(last.seconds) },
  ];
  if (shown === null) return keyFigures(course);
  const metrics = metricsOf(shown.record);
  const chosen = (['siSnr', 'psnr', 'lsd', 'pesq', 'stoi'] as const).filter((key) =>
    columns.includes(key),
  );
  return html`${keyFigures([
    { name: 'Validation loss', value: formatMetric('loss', metrics.loss) },
    ...metricFigures(chosen, metrics),
    ...course,
  ])}<p class="note">Metrics of the ${shown.which} validation, after epoch ${shown.record.epoch}.</p>`;
}
