import { writeFileAtomic } from '../files.js';
import { checkClassifierReportInput } from './check-input.js';
import { confusionSection } from './confusion-matrix.js';
import { epochGeometrySection } from './epoch-geometry.js';
import { describeMetric, formatMetric } from './metrics.js';
import { html, type Markup, renderPage } from './page.js';
import { keyFigures, warningsNote } from './sections.js';
import { validationsSection } from './tables.js';
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
import type { ClassifierReportInput } from './types.js';

/**
 * Writes one self-contained HTML file about the training of a classifier: what the best model makes of recordings that it never
 * heard (the confusion matrix, recall and precision of every class), curves of loss, accuracy and learning rate, a table of the
 * validations with the best marked, how the geometry of the layers changed (paper 2, Tables 2 and 3), and what was trained on
 * what. A training that was stopped, or has not come far, has one too.
 *
 * The file needs no network and nothing beside it. It is written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where there is no validation at `bestStep`, the confusion matrix is not one number for
 *   each pair of classes, or epochs are not in their order; `IO` where the file cannot be written
 */
export async function writeClassifierReport(
  path: string,
  input: ClassifierReportInput,
): Promise<void> {
  await writeFileAtomic(path, await renderClassifierReport(input));
}

/** The document of `writeClassifierReport` as text. */
export async function renderClassifierReport(input: ClassifierReportInput): Promise<string> {
  checkClassifierReportInput(input);
  const { test, geometry = [] } = input;
  const course = courseOf(input);
  const best = shownValidation(course);
  const bestEpoch = best?.which === 'best' ? best.record.epoch : undefined;
  return renderPage({
    title: input.title,
    summary: input.summary ?? progress(input),
    date: input.date ?? new Date(),
    version: input.version,
    sections: [
      warningsNote(course.warnings),
      figures(input, course),
      test && (await confusionSection(test.confusion)),
      await curvesSection(course),
      validationsSection(course.validations, recordedMetrics(course), course.bestStep),
      await epochGeometrySection(geometry, bestEpoch),
      settingsSection(input),
    ],
  });
}

function figures(
  { test, records }: ClassifierReportInput,
  course: RecordedCourse,
): Markup | undefined {
  const last = records.at(-1);
  const shown = shownValidation(course);
  const figure = (part: string, key: 'loss' | 'accuracy', value: number | null | undefined) => ({
    name: `${part} ${describeMetric(key).name.toLowerCase()}`,
    value: formatMetric(key, value),
    unit: describeMetric(key).unit,
  });
  const all = [
    ...(test ? [figure('Test', 'accuracy', test.accuracy), figure('Test', 'loss', test.loss)] : []),
    ...(shown ? [figure('Validation', 'accuracy', shown.record.accuracy)] : []),
    ...(last
      ? [
          { name: 'Epochs', value: formatCount(last.epoch) },
          { name: 'Steps', value: formatCount(last.step) },
          { name: 'Time', value: formatSeconds(last.seconds) },
        ]
      : []),
  ];
  if (all.length === 0) return undefined;
  const heard = test
    ? `The test part are ${formatCount(test.recordings)} recordings that training and validation never heard.`
    : 'The test part is judged when a training has come to its end.';
  const validated =
    shown && ` The validation is the ${shown.which} one, after epoch ${shown.record.epoch}.`;
  return html`${keyFigures(all)}<p class="note">${heard}${validated ?? ''}</p>`;
}
