import { describeColumn, descriptions, inUnit, type MetricName } from '../metrics/registry.js';
import type { MetricsRecord, StepRecord, ValidationRecord } from '../train/index.js';
import {
  type Curve,
  type CurveAxes,
  type CurvePoint,
  curvesPlot,
  describeEnds,
  thin,
} from './curve-plot.js';
import { figure, html, type Markup, note, refused, section, table } from './page.js';
import { legend, metricCells, metricHeads, metricsInReports } from './sections.js';
import { seriesColor } from './svg-plot.js';
import { type MetricValues, metricGrid } from './tables.js';
import { formatCount, formatSeconds } from './text-table.js';
import { envelope } from './waveform-plot.js';

/** What every report of a training shows. */
export interface TrainingCourse {
  readonly title: string;
  /** A sentence below the title; by default how far the training came. */
  readonly summary?: string;
  /** By default now. */
  readonly date?: Date;
  /** Of fewsound, for the header and the footer. */
  readonly version?: string;
  /**
   * What was trained on what, where: groups of names and values, such as Model, Corpus, Machine.
   */
  readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** In the order of the log, where steps and validations alternate. May be empty. */
  readonly records: readonly MetricsRecord[];
  /** Step of the validation whose weights are kept as the best. */
  readonly bestStep?: number;
  /** Curves are then over epochs, else over steps. */
  readonly stepsPerEpoch?: number;
  /** Steps that the training was to have; a report of fewer says that it was stopped. */
  readonly plannedSteps?: number;
}

/** A column of the table of validations. */
export type ValidationMetric = MetricName | 'accuracy';

/** The records of a training by their kinds. */
export interface Course extends Pick<TrainingCourse, 'bestStep' | 'stepsPerEpoch'> {
  readonly steps: readonly StepRecord[];
  readonly validations: readonly ValidationRecord[];
  readonly warnings: readonly string[];
  /** The best validation, or the last where none is said to be the best. */
  readonly shown: ValidationRecord | undefined;
  readonly isBestShown: boolean;
}

/** @throws FewSoundError INVALID_ARGUMENT where the steps do not fit the records */
export function courseOf({ records, bestStep, stepsPerEpoch }: TrainingCourse): Course {
  const ofKind = <Kind extends MetricsRecord['kind']>(kind: Kind) =>
    records.filter(
      (record): record is Extract<MetricsRecord, { kind: Kind }> => record.kind === kind,
    );
  const validations = ofKind('validation');
  const best = validations.find(({ step }) => step === bestStep);
  if (stepsPerEpoch !== undefined && !(stepsPerEpoch > 0 && Number.isFinite(stepsPerEpoch))) {
    throw refused('stepsPerEpoch', `stepsPerEpoch is ${stepsPerEpoch}; expected a positive number`);
  }
  if (bestStep !== undefined && best === undefined) {
    throw refused(
      'bestStep',
      `bestStep is ${bestStep}, where the records have no validation; give the step of one of them`,
    );
  }
  return {
    ...{ steps: ofKind('step'), validations, bestStep, stepsPerEpoch },
    warnings: ofKind('warning').map(({ message }) => message),
    shown: best ?? validations.at(-1),
    isBestShown: best !== undefined,
  };
}

/** What the validations measured besides the loss, in the order of tables. */
export function recordedMetrics({ validations }: Course): string[] {
  return descriptions
    .map(({ name }) => name)
    .filter(
      (name) => name !== 'loss' && validations.some((each) => valuesOf(each)[name] !== undefined),
    );
}

/** The loss of a validation and what else it measured. */
export function valuesOf({
  kind,
  step,
  epoch,
  seconds,
  ...values
}: ValidationRecord): MetricValues {
  return values;
}

/** How far the training came, in words. */
export function progress({ records, plannedSteps }: TrainingCourse): string {
  const last = records.at(-1);
  if (last === undefined) return 'Nothing was recorded: the training ended before its first step.';
  const { step, epoch, seconds } = last;
  const extent = `${formatCount(step)} steps in ${epoch} ${epoch === 1 ? 'epoch' : 'epochs'} and ${formatSeconds(seconds)}`;
  if (plannedSteps === undefined || step >= plannedSteps) return `${extent}.`;
  return `${extent}. The training was to have ${formatCount(plannedSteps)} steps; this is what it had learned when it was stopped.`;
}

/** Rows of the table, about; those that are best in something come in addition. */
const ROWS = 30;

/** A row a validation: of many some at equal distances, and those that are best in something. */
export function validationsSection(
  { validations, bestStep }: Course,
  columns: readonly string[],
): Markup | undefined {
  if (validations.length === 0) return undefined;
  const keys = ['loss', ...columns];
  const grid = metricGrid(keys, validations.map(valuesOf));
  const all = validations.map((validation, index) => ({ ...validation, cells: grid[index] ?? [] }));
  const spread = new Set(thin(all, ROWS));
  const shown = all.filter(
    (row) => spread.has(row) || row.step === bestStep || row.cells.some(({ best }) => best),
  );
  const kept = shown.findIndex(({ step }) => step === bestStep);
  const rows = shown.map(({ epoch, step, seconds, cells }, index) => [
    html`${epoch}${index === kept && html` <span class="tag">best</span>`}`,
    formatCount(step),
    ...metricCells(cells),
    formatSeconds(seconds),
  ]);
  const heads = ['Epoch', 'Step', ...metricHeads(keys), 'Time'];
  const left =
    shown.length < all.length
      ? ` ${formatCount(shown.length)} of ${formatCount(all.length)} validations are shown.`
      : '';
  return section(
    'Validations',
    html`${table('comparison', heads, rows, { kept })}
${note(`Means over the validation part. The best value of each column is marked; arrows say which way it improves.${left}`)}`,
  );
}

/** Points of a curve at most; more could not be told apart. */
const POINTS = 600;

/** Validations up to which each has a dot. */
const DOTS = 60;

/** Part of the steps over which the smoothed loss is a mean. */
const SMOOTHING = 0.02;

const TRAINING = seriesColor(0);
const VALIDATION = seriesColor(1);
const WIDE = { wide: 1100, narrow: 350, height: 260 };
const HALF = { wide: 540, narrow: 350 };

/** Curves of the losses, of metrics of the validations, of the learning rate and the gradients. */
export async function curvesSection(course: Course): Promise<Markup | undefined> {
  const { bestStep, stepsPerEpoch = 1 } = course;
  const best = bestStep === undefined ? undefined : bestStep / stepsPerEpoch;
  const loss = await lossFigure(course, best);
  const metrics = metricsInReports().map(({ name, inReports }) =>
    inReports?.curve ? metricFigure(course, name, inReports.curve, best) : undefined,
  );
  const rate: CurveAxes['y'] = { title: 'Learning rate', type: 'linear', format: '~e' };
  const norm: CurveAxes['y'] = { title: 'Gradient norm', type: 'log', format: '~g' };
  const others = await Promise.all([
    ...metrics,
    stepFigure(course, rate, ({ learningRate }) => learningRate),
    stepFigure(course, norm, ({ gradNorm }) => gradNorm ?? null),
  ]);
  const drawn = others.filter((each) => each !== undefined);
  if (!loss && drawn.length === 0) return undefined;
  const marked = best !== undefined && course.validations.length > 0;
  return section(
    'Course of the training',
    html`${loss}<div class="pair">${drawn}</div>${marked && note('The dashed line is at the best validation.')}`,
  );
}

async function lossFigure(course: Course, best: number | undefined): Promise<Markup | undefined> {
  const recorded = pointsOf(course, course.steps, ({ loss }) => loss, 'log');
  const validation = fewer(pointsOf(course, course.validations, ({ loss }) => loss, 'log'));
  const reach = smoothingReach(recorded.length);
  const each = {
    name: 'each step',
    color: TRAINING,
    points: fewer(recorded),
    width: 1,
    opacity: 0.35,
  };
  const points = fewer(smoothed(recorded, reach));
  const training = { name: 'Training', color: TRAINING, points, width: reach > 0 ? 2 : 1.6 };
  const named = [
    ...(recorded.length > 0 ? [training] : []),
    ...(validation.length > 0 ? [validationCurve(validation)] : []),
  ];
  if (named.length === 0) return undefined;
  const label = `Loss over the training, logarithmic axis: ${describeEnds(named, '')}`;
  const axes = axesOf(course, { title: 'Loss', type: 'log', format: '~g' }, best);
  const plot = await curvesPlot([...(reach > 0 ? [each] : []), ...named], axes, WIDE, label);
  return html`<figure style="margin-bottom:24px"><figcaption>Loss <span>logarithmic axis${reach > 0 && '; the bold line of the training is smoothed'}</span></figcaption>
${legend(named)}${plot}</figure>
`;
}

async function metricFigure(
  course: Course,
  name: string,
  type: 'linear' | 'log',
  best: number | undefined,
): Promise<Markup | undefined> {
  const { title, unit = '' } = describeColumn(name);
  const valueIn = (record: ValidationRecord) => {
    const value = valuesOf(record)[name] ?? null;
    return value === null ? null : inUnit(name, value);
  };
  const points = fewer(pointsOf(course, course.validations, valueIn, type));
  // One validation is no curve; the table has it.
  if (points.length < 2) return undefined;
  const curve = validationCurve(points);
  const titled = `${title}${unit && ` (${unit})`}`;
  const axes = axesOf(
    course,
    { title: titled, type, ...(type === 'log' && { format: '~g' }) },
    best,
  );
  const label = `${titled} of the validations: ${describeEnds([curve], unit && ` ${unit}`)}`;
  const remark = `validation${type === 'log' ? ', logarithmic axis' : ''}`;
  return figure(title, await curvesPlot([curve], axes, HALF, label), remark);
}

async function stepFigure(
  course: Course,
  y: CurveAxes['y'],
  valueIn: (record: StepRecord) => number | null,
): Promise<Markup | undefined> {
  const points = fewer(pointsOf(course, course.steps, valueIn, y.type));
  if (points.length < 2) return undefined;
  const curve = { name: y.title, color: TRAINING, points };
  const label = `${y.title} over the training: ${describeEnds([curve], '')}`;
  const plot = await curvesPlot([curve], axesOf(course, y), HALF, label);
  return figure(y.title, plot, y.type === 'log' ? 'logarithmic axis' : '');
}

function validationCurve(points: readonly CurvePoint[]): Curve {
  return {
    name: 'Validation',
    color: VALIDATION,
    points,
    width: 1.8,
    dots: points.length <= DOTS,
  };
}

function axesOf({ steps, validations, stepsPerEpoch }: Course, y: CurveAxes['y'], mark?: number) {
  // One axis for all plots.
  const last = Math.max(steps.at(-1)?.step ?? 0, validations.at(-1)?.step ?? 0);
  const x = stepsPerEpoch === undefined ? 'Step' : 'Epoch';
  return { x, end: last / (stepsPerEpoch ?? 1), y, mark };
}

/** What was recorded and is finite, over epochs where their length is known. */
function pointsOf<Entry extends { readonly step: number }>(
  { stepsPerEpoch = 1 }: Course,
  records: readonly Entry[],
  valueIn: (record: Entry) => number | null,
  type: 'linear' | 'log',
): CurvePoint[] {
  return records.flatMap((record) => {
    const value = valueIn(record);
    // A logarithmic axis has no place for zero.
    return value !== null && Number.isFinite(value) && (type === 'linear' || value > 0)
      ? [{ x: record.step / stepsPerEpoch, value }]
      : [];
  });
}

/** Means of points side by side, where there are more than can be told apart. */
function fewer(points: readonly CurvePoint[]): CurvePoint[] {
  if (points.length <= POINTS) return [...points];
  const xs = envelope(
    points.map(({ x }) => x),
    POINTS,
  );
  const values = envelope(
    points.map(({ value }) => value),
    POINTS,
  );
  return values.map(({ mean }, index) => ({ x: xs[index]?.mean as number, value: mean }));
}

/** Points to either side that a smoothed point is a mean of. */
const smoothingReach = (points: number) => Math.floor((points * SMOOTHING) / 2);

/** Mean of each point and those around it. */
function smoothed(points: readonly CurvePoint[], reach: number): CurvePoint[] {
  const sums = [0];
  for (const { value } of points) sums.push((sums.at(-1) as number) + value);
  return points.map(({ x }, index) => {
    // As far to either side, for the ends not to be drawn inwards.
    const near = Math.min(reach, index, points.length - 1 - index);
    const sum = (sums[index + near + 1] as number) - (sums[index - near] as number);
    return { x, value: sum / (2 * near + 1) };
  });
}
