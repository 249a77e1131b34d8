import { writeFileAtomic } from '../files.js';
import { formatMetric } from '../metrics/registry.js';
import type { ClassifierEvaluation, ConfusionMatrix, ValidationRecord } from '../train/index.js';
import { type EpochGeometry, epochGeometrySection } from './layers.js';
import { html, type Markup, note, refused, renderPage, section, table } from './page.js';
import { keyFigure, keyFigures, legend, settingsSection, warningsNote } from './sections.js';
import { layer, plotMarkup, seriesColor } from './svg-plot.js';
import { formatCount, formatSeconds } from './text-table.js';
import {
  type Course,
  courseOf,
  curvesSection,
  progress,
  recordedMetrics,
  type TrainingCourse,
  validationsSection,
} from './training-course.js';

/** Input of `writeClassifierReport`; the validations have an accuracy. */
export interface ClassifierReportInput extends TrainingCourse {
  /** Of the best model; absent where the training did not finish. */
  readonly test?: Omit<ClassifierEvaluation, 'loss'> & Pick<ValidationRecord, 'loss'>;
  /** In the order of the epochs, of which some may be left out. Default: none. */
  readonly geometry?: readonly EpochGeometry[];
}

/**
 * Writes one self-contained HTML file about the training of a classifier: what the best model makes
 * of recordings that it never heard (the confusion matrix, recall and precision of every class),
 * curves of loss, accuracy and learning rate, a table of the validations with the best marked, how
 * the geometry of the layers changed (paper 2, Tables 2 and 3), and what was trained on what. A
 * training that was stopped, or has not come far, has one too.
 *
 * The file needs no network and nothing beside it. It is written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where there is no validation at `bestStep`, the
 *   confusion matrix is not one number for each pair of classes, or epochs are not in their order;
 *   `IO` where the file cannot be written
 */
export async function writeClassifierReport(
  path: string,
  input: ClassifierReportInput,
): Promise<void> {
  await writeFileAtomic(path, await renderClassifierReport(input));
}

/** The document of `writeClassifierReport` as text. */
export async function renderClassifierReport(input: ClassifierReportInput): Promise<string> {
  const course = courseOf(input);
  const { test, geometry = [] } = input;
  if (test !== undefined) checkConfusion(test.confusion);
  checkEpochs(geometry);
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
      validationsSection(course, recordedMetrics(course)),
      await epochGeometrySection(geometry, course.isBestShown ? course.shown?.epoch : undefined),
      settingsSection(Object.entries(input.facts)),
    ],
  });
}

function checkConfusion({ labels, counts }: ConfusionMatrix): void {
  const classes = labels.length;
  const square = counts.length === classes && counts.every(({ length }) => length === classes);
  if (classes === 0 || !square) {
    throw refused(
      'confusion',
      `the confusion matrix has ${counts.length} rows of ${counts[0]?.length ?? 0} numbers for ${classes} classes; expected one number for each pair of classes`,
    );
  }
  const bad = counts.flat().find((count) => !(Number.isInteger(count) && count >= 0));
  if (bad === undefined) return;
  throw refused(
    'confusion',
    `the confusion matrix has the number ${bad}; expected whole numbers, 0 or more`,
  );
}

function checkEpochs(geometry: readonly EpochGeometry[]): void {
  for (const [index, { epoch }] of geometry.entries()) {
    const before = geometry[index - 1]?.epoch ?? -1;
    if (Number.isInteger(epoch) && epoch > before) continue;
    throw refused(
      'geometry',
      `geometry has epoch ${epoch} after ${before}; expected whole numbers from 0 in their order`,
    );
  }
}

function figures(
  { test, records }: ClassifierReportInput,
  { shown, isBestShown }: Course,
): Markup | undefined {
  const last = records.at(-1);
  const all = [
    ...(test
      ? [keyFigure('accuracy', test.accuracy, 'Test'), keyFigure('loss', test.loss, 'Test')]
      : []),
    ...(shown ? [keyFigure('accuracy', shown.accuracy, 'Validation')] : []),
    ...(last
      ? [
          { name: 'Epochs', value: formatCount(last.epoch) },
          { name: 'Steps', value: formatCount(last.step) },
          { name: 'Time', value: formatSeconds(last.seconds) },
        ]
      : []),
  ];
  if (all.length === 0) return undefined;
  const tested = test
    ? `The test part has ${formatCount(test.recordings)} recordings that training and validation never heard.`
    : 'The test part is judged when a training has come to its end.';
  const which = isBestShown ? 'best' : 'last';
  const validated = shown && ` The validation is the ${which} one, after epoch ${shown.epoch}.`;
  return html`${keyFigures(all)}${note(tested, validated)}`;
}

/** Classes up to which each cell has its number. */
const NUMBERED = 40;

/** Classes up to which the table of classes has room beside the matrix. */
const BESIDE = 12;

const RIGHT = seriesColor(0);
const WRONG = seriesColor(1);

/** How often recordings of a class were taken for a class; never is left out. */
interface Cell {
  readonly truth: number;
  readonly taken: number;
  readonly count: number;
  /** Part of the recordings of the true class. */
  readonly share: number;
}

/** A class by what its recordings were taken for. */
interface JudgedClass {
  readonly label: string;
  readonly recordings: number;
  /** Null where there is no recording of the class. */
  readonly recall: number | null;
  /** Null where nothing was taken for the class. */
  readonly precision: number | null;
  /** The other class that it was taken for most often. */
  readonly mistake: { readonly label: string; readonly count: number } | undefined;
}

/** The confusion matrix as a picture, and recall and precision of every class. */
async function confusionSection(confusion: ConfusionMatrix): Promise<Markup> {
  const classes = confusion.labels.length;
  const keys = legend([
    { name: 'taken for what they are', color: RIGHT },
    { name: 'taken for another class', color: WRONG },
  ]);
  const matrix = html`<figure>${keys}<div class="scroll">${await confusionPlot(confusion)}</div></figure>`;
  const table = classTable(confusion);
  const explained = note(
    'Rows are true classes, columns what their recordings were taken for',
    classes <= NUMBERED && '; the numbers count recordings',
    '. The fuller a color, the larger the part of the row, by its square root. Recall is the part of a class that was taken for it, precision the part of what was taken for a class that is of it.',
  );
  return section(
    'Confusion of the classes',
    html`${classes <= BESIDE ? html`<div class="pair">${matrix}${table}</div>` : html`${matrix}<div style="margin-top:24px">${table}</div>`}${explained}`,
  );
}

/**
 * The matrix: truth from top to bottom. It keeps its size, where a page is too narrow it is to be
 * scrolled.
 */
function confusionPlot(confusion: ConfusionMatrix): Promise<Markup> {
  const { labels } = confusion;
  const cells = cellsOf(confusion);
  const digits = String(Math.max(0, ...cells.map(({ count }) => count))).length;
  const numbered = labels.length <= NUMBERED;
  const side = (room: number, least: number, most: number) => {
    const wanted = numbered ? Math.max(least, 7 * digits + 8) : 12;
    return labels.length * Math.max(wanted, Math.min(most, Math.floor(room / labels.length)));
  };
  return plotMarkup(
    (width) => {
      const cell = width / labels.length;
      const axis = (title: string, names: object) => ({
        title,
        ticks: false,
        domain: false,
        // Lines between the cells, not through them.
        grid: true,
        bandPosition: 0,
        labelLimit: 140,
        labelFontSize: Math.min(11, cell - 2),
        labelExpr: `${expression(labels)}[datum.value]`,
        ...names,
      });
      const scale = { domain: labels.map((_, index) => index), padding: 0 };
      const slanted = labels.some((label) => 6.5 * label.length > cell - 4);
      const place = {
        x: {
          field: 'taken',
          type: 'ordinal' as const,
          scale,
          axis: axis('Taken for', {
            orient: 'top',
            labelAngle: slanted ? (cell < 20 ? -90 : -45) : 0,
          }),
        },
        y: { field: 'truth', type: 'ordinal' as const, scale, axis: axis('Truth', {}) },
      };
      const values = cells.map(drawn);
      const fill = { field: 'fill', type: 'nominal', scale: null };
      const fillOpacity = { field: 'opacity', type: 'quantitative', scale: null, legend: null };
      const text = { field: 'count' };
      const color = { field: 'ink', type: 'nominal', scale: null };
      const fontSize = Math.min(13, cell / 2);
      return {
        width,
        height: width,
        // The frame: the last lines of the grid.
        view: { stroke: 'var(--rule)' },
        layer: [
          layer(values, { type: 'rect' }, { ...place, fill, fillOpacity }),
          ...(numbered
            ? [layer(values, { type: 'text', fontSize }, { ...place, text, color })]
            : []),
        ],
      };
    },
    { wide: side(480, 24, 48), narrow: side(250, 20, 40), rigid: true },
    described(confusion, cells),
  );
}

function drawn({ truth, taken, count, share }: Cell) {
  // By the square root: of many recordings few mistakes are to be seen too.
  const opacity = Number(Math.sqrt(share).toFixed(3));
  const ink = opacity < 0.65 ? 'var(--ink)' : opacity < 0.82 ? 'var(--on-half)' : 'var(--card)';
  return { truth, taken, count, opacity, ink, fill: truth === taken ? RIGHT : WRONG };
}

/** Names as vega's expressions have them; two line ends of Unicode are none in JSON. */
const expression = (names: readonly string[]) =>
  JSON.stringify(names)
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function cellsOf({ counts }: ConfusionMatrix): Cell[] {
  return counts.flatMap((row, truth) => {
    const recordings = sum(row);
    return row.flatMap((count, taken) =>
      count === 0 ? [] : [{ truth, taken, count, share: count / recordings }],
    );
  });
}

function described({ labels, counts }: ConfusionMatrix, cells: readonly Cell[]): string {
  const right = sum(cells.map(({ truth, taken, count }) => (truth === taken ? count : 0)));
  const most = mostFrequent(cells);
  const mistake = most
    ? `; most often ${labels[most.truth]} was taken for ${labels[most.taken]}, ${formatCount(most.count)} times`
    : '';
  return `Confusion matrix of ${labels.length} classes: ${formatCount(right)} of ${formatCount(sum(counts.map(sum)))} recordings were taken for what they are${mistake}`;
}

/** The mistake that was made most often. */
function mostFrequent(cells: readonly Cell[]): Cell | undefined {
  let most: Cell | undefined;
  for (const cell of cells) {
    if (cell.truth !== cell.taken && cell.count > (most?.count ?? 0)) most = cell;
  }
  return most;
}

function judgedClasses(confusion: ConfusionMatrix): JudgedClass[] {
  const { labels, counts } = confusion;
  const cells = cellsOf(confusion);
  return labels.map((label, index) => {
    const right = counts[index]?.[index] ?? 0;
    const recordings = sum(counts[index] ?? []);
    const taken = sum(counts.map((row) => row[index] ?? 0));
    const most = mostFrequent(cells.filter(({ truth }) => truth === index));
    return {
      label,
      recordings,
      recall: recordings === 0 ? null : right / recordings,
      precision: taken === 0 ? null : right / taken,
      mistake: most && { label: labels[most.taken] as string, count: most.count },
    };
  });
}

function classTable(confusion: ConfusionMatrix): Markup {
  const rows = judgedClasses(confusion).map(({ label, recordings, recall, precision, mistake }) => [
    ...[label, formatCount(recordings)],
    ...[recall, precision].map((part) => formatMetric('accuracy', part)),
    html`<td class="after-number">${mistake && `${mistake.label} (${formatCount(mistake.count)})`}</td>`,
  ]);
  const mistaken = html`<th scope="col" class="after-number">Mostly mistaken for</th>`;
  const heads = ['Class', 'Recordings', 'Recall (%)', 'Precision (%)', mistaken];
  return table('classes', heads, rows);
}
