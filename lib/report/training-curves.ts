import { metricNames } from '../metrics/index.js';
import { type Curve, type CurvePoint, curvesPlot, describeEnds } from './curve-plot.js';
import { describeMetric, inUnit } from './metrics.js';
import { html, type Markup, section } from './page.js';
import { legend } from './sections.js';
import { seriesColour } from './svg-plot.js';
import { factsTables } from './tables.js';
import { formatCount, formatSeconds } from './text-table.js';
import type {
  ReportedStep,
  ReportedTraining,
  ReportedValidation,
  ValidationMetric,
} from './types.js';
import { envelope } from './waveform-plot.js';

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

/** Points of a curve at most; more are not to be told apart. */
const POINTS = 600;

/** Validations up to which each has a dot. */
const DOTS = 60;

/** Part of the steps over which the smoothed loss is a mean. */
const SMOOTHING = 0.02;

/** Metrics that have a curve, and those of them for which a logarithmic axis shows more. */
const METRICS: readonly ValidationMetric[] = ['accuracy', 'siSnr', 'mse', 'lsd', 'pesq', 'stoi'];
const LOGARITHMIC: readonly ValidationMetric[] = ['mse'];

const TRAINING = seriesColour(0);
const VALIDATION = seriesColour(1);
const WIDE = { wide: 1100, narrow: 350, height: 260 };
const HALF = { wide: 540, narrow: 350 };

/** Curves of the losses, of metrics of the validations, of the learning rate and of the gradients. */
export async function curvesSection(course: RecordedCourse): Promise<Markup | undefined> {
  const { bestStep, stepsPerEpoch = 1 } = course;
  const best = bestStep === undefined ? undefined : bestStep / stepsPerEpoch;
  const loss = await lossFigure(course, best);
  const others = [
    ...(await Promise.all(METRICS.map((metric) => metricFigure(course, metric, best)))),
    await stepFigure(course, 'Learning rate', ({ learningRate }) => learningRate, {
      type: 'linear',
      format: '~e',
    }),
    await stepFigure(course, 'Gradient norm', ({ gradNorm }) => gradNorm ?? null, {
      type: 'log',
      format: '~g',
    }),
  ].filter((figure) => figure !== undefined);
  if (!loss && others.length === 0) return undefined;
  const note =
    best !== undefined &&
    course.validations.length > 0 &&
    html`<p class="note">The dashed line is at the best validation.</p>`;
  return section('Course of the training', html`${loss}<div class="pair">${others}</div>${note}`);
}

async function lossFigure(
  course: RecordedCourse,
  best: number | undefined,
): Promise<Markup | undefined> {
  const recorded = curveOf(course, course.steps, ({ loss }) => loss).filter(positive);
  const training = fewer(recorded);
  const validation = fewer(
    curveOf(course, course.validations, ({ loss }) => loss).filter(positive),
  );
  const curves: Curve[] = [];
  const reach = smoothingReach(recorded.length);
  if (reach > 0) {
    curves.push({ name: 'each step', colour: TRAINING, points: training, width: 1, opacity: 0.35 });
  }
  if (training.length > 0) {
    const points = fewer(smoothed(recorded, reach));
    curves.push({ name: 'Training', colour: TRAINING, points, width: reach > 0 ? 2 : 1.6 });
  }
  if (validation.length > 0) curves.push(validationCurve(validation));
  if (curves.length === 0) return undefined;
  const named = curves.filter(({ opacity }) => opacity === undefined);
  const label = `Loss over the training, logarithmic axis: ${describeEnds(named, '')}`;
  const axes = axesOf(course, { title: 'Loss', type: 'log', format: '~g' }, best);
  return html`<figure style="margin-bottom:24px"><figcaption>Loss <span>logarithmic axis${reach > 0 && '; the bold line of the training is smoothed'}</span></figcaption>
${legend(named)}${await curvesPlot(curves, axes, WIDE, label)}</figure>
`;
}

async function metricFigure(
  course: RecordedCourse,
  metric: ValidationMetric,
  best: number | undefined,
): Promise<Markup | undefined> {
  const { name, unit } = describeMetric(metric);
  const type = LOGARITHMIC.includes(metric) ? 'log' : 'linear';
  const recorded = curveOf(course, course.validations, (record) => {
    const value = record[metric] ?? null;
    return value === null ? null : inUnit(metric, value);
  });
  const points = fewer(type === 'log' ? recorded.filter(positive) : recorded);
  // One validation is no curve; the table has it.
  if (points.length < 2) return undefined;
  const curve = validationCurve(points);
  const title = `${name}${unit && ` (${unit})`}`;
  return figure(
    name,
    `validation${type === 'log' ? ', logarithmic axis' : ''}`,
    await curvesPlot(
      [curve],
      axesOf(course, { title, type, ...(type === 'log' && { format: '~g' }) }, best),
      HALF,
      `${title} of the validations: ${describeEnds([curve], unit && ` ${unit}`)}`,
    ),
  );
}

async function stepFigure(
  course: RecordedCourse,
  name: string,
  valueIn: (record: ReportedStep) => number | null,
  axis: { type: 'log' | 'linear'; format: string },
): Promise<Markup | undefined> {
  const recorded = curveOf(course, course.steps, valueIn);
  const points = fewer(axis.type === 'log' ? recorded.filter(positive) : recorded);
  if (points.length < 2) return undefined;
  const curve = { name, colour: TRAINING, points };
  const plot = await curvesPlot(
    [curve],
    axesOf(course, { title: name, ...axis }),
    HALF,
    `${name} over the training: ${describeEnds([curve], '')}`,
  );
  return figure(name, axis.type === 'log' ? 'logarithmic axis' : '', plot);
}

function figure(name: string, remark: string, plot: Markup): Markup {
  return html`<figure><figcaption>${name}${remark !== '' && html` <span>${remark}</span>`}</figcaption>${plot}</figure>
`;
}

function validationCurve(points: readonly CurvePoint[]): Curve {
  return {
    name: 'Validation',
    colour: VALIDATION,
    points,
    width: 1.8,
    dots: points.length <= DOTS,
  };
}

function axesOf(
  { steps, validations, stepsPerEpoch }: RecordedCourse,
  y: { title: string; type: 'log' | 'linear'; format?: string },
  mark?: number,
) {
  // One axis for all plots.
  const last = Math.max(steps.at(-1)?.step ?? 0, validations.at(-1)?.step ?? 0);
  const x = stepsPerEpoch === undefined ? 'Step' : 'Epoch';
  return { x, end: last / (stepsPerEpoch ?? 1), y, mark };
}

/** What was recorded and is finite, over epochs where their length is known. */
function curveOf<Entry extends { readonly step: number }>(
  { stepsPerEpoch = 1 }: RecordedCourse,
  records: readonly Entry[],
  valueIn: (record: Entry) => number | null,
): CurvePoint[] {
  return records.flatMap((record) => {
    const value = valueIn(record);
    return value !== null && Number.isFinite(value)
      ? [{ x: record.step / stepsPerEpoch, value }]
      : [];
  });
}

/** A logarithmic axis has no place for zero. */
const positive = ({ value }: CurvePoint) => value > 0;

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
