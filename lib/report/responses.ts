import type {
  ClassResponse,
  ResponseDifference,
  ResponseOptions,
  ResponseSpectra,
} from '../analysis/index.js';
import { type LegendEntry, legendAbove } from './curve-plot.js';
import { figure, html, type Markup, note, section } from './page.js';
import { legend } from './sections.js';
import {
  type ColorScale,
  colorBar,
  imageDataUri,
  type PictureAxis,
  type PngImage,
  picturePlot,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram.js';
import { brief, layer, numeric, type PlotSizes, plotMarkup, seriesColor } from './svg-plot.js';

/** How frequencies are spaced: in equal steps, or in equal ratios. */
export type FrequencyScale = NonNullable<ResponseOptions['axis']>;

/** How a layer responds to one recording, and what to call it. */
export interface NamedResponse extends ResponseSpectra {
  readonly name: string;
}

/** One response minus another, and what was subtracted from what. */
export interface NamedDifference extends ResponseDifference {
  readonly name: string;
}

/** CRS of several classes on one axis. */
export interface ClassResponses {
  readonly axis: FrequencyScale;
  /** [bins] Hz. */
  readonly frequencies: Float64Array;
  readonly classes: readonly ClassResponse[];
}

/** Bands that paper 2 finds important, kHz. */
const BANDS = [
  { from: 2, to: 3.5, name: '2–3.5 kHz' },
  { from: 4, to: 5, name: '4–5 kHz' },
] as const;

/** Where it finds most of speech commands (1 kHz) and of speakers (0.5 kHz). */
const MARKS = [0.5, 1] as const;

/** Points of a curve at most. */
const POINTS = 520;

/** Recordings up to which each has a curve and a name in the legend. */
const NAMED = 7;

/** A curve over frequency, and how far values spread about it. */
export interface ResponseCurve extends LegendEntry {
  readonly values: ArrayLike<number>;
  readonly deviation?: ArrayLike<number>;
}

/** Curves over frequency with the bands of the formants marked; `alone` with a legend above. */
export function responseCurvesPlot(
  curves: readonly ResponseCurve[],
  frequencies: ArrayLike<number>,
  axis: FrequencyScale,
  label: string,
  sizes: PlotSizes & { readonly height: number; readonly alone?: boolean },
): Promise<Markup> {
  const { domain, type } = frequencyAxis(frequencies, axis);
  const inside = (kilohertz: number) => kilohertz > domain[0] && kilohertz < domain[1];
  const x = (field: string) =>
    numeric(
      field,
      { domain, nice: false, type },
      {
        title: 'Frequency (kHz)',
        grid: false,
        tickCount: 9,
        ...(type === 'log' && { format: '~g' }),
      },
    );
  const y = (field: string) =>
    numeric(field, undefined, { title: 'Response', tickCount: 5, format: '~g' });
  const bands = BANDS.filter(({ from }) => inside(from)).map(({ from, to, name }) => ({
    ...{ from, to: Math.min(to, domain[1]), name },
  }));
  const color = 'var(--muted)';
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: sizes.height,
      layer: [
        ...(sizes.alone === true ? legendAbove(curves.slice(0, NAMED), width - 60) : []),
        layer(bands, { type: 'rect', color, opacity: 0.13 }, { x: x('from'), x2: { field: 'to' } }),
        layer(
          bands,
          { type: 'text', align: 'left', dx: 4, dy: 10, fontSize: 10.5, color },
          { x: x('from'), y: { value: 0 }, text: { field: 'name' } },
        ),
        layer(
          MARKS.filter(inside).map((at) => ({ at })),
          { type: 'rule', color, strokeDash: [3, 4] },
          { x: x('at') },
        ),
        ...curves.flatMap(({ color, values, deviation }) => {
          const points = pointsOf(frequencies, values, deviation);
          const spread = { x: x('x'), y: y('low'), y2: { field: 'high' } };
          return [
            ...(deviation ? [layer(points, { type: 'area', color, opacity: 0.18 }, spread)] : []),
            layer(points, { type: 'line', color, strokeWidth: 1.5 }, { x: x('x'), y: y('value') }),
          ];
        }),
      ],
    }),
    sizes,
    label,
  );
}

function pointsOf(
  frequencies: ArrayLike<number>,
  values: ArrayLike<number>,
  deviation: ArrayLike<number> | undefined,
) {
  const stride = Math.ceil(values.length / POINTS);
  const points = [];
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] as number;
    const spread = deviation?.[i] ?? 0;
    points.push({
      x: brief((frequencies[i] as number) / 1000),
      value: brief(value),
      ...(deviation && { low: brief(Math.max(0, value - spread)), high: brief(value + spread) }),
    });
  }
  return points;
}

/** CRS of recordings, or their differences, a curve each. */
export function responseCurves(
  recordings: readonly (NamedResponse | NamedDifference)[],
): ResponseCurve[] {
  return recordings.map(({ name, crs }, index) => ({
    ...{ name, color: seriesColor(index), values: crs },
  }));
}

/** CRS of classes, means with their spread. */
export function classCurves(classes: readonly ClassResponse[]): ResponseCurve[] {
  return classes.map(({ label, count, mean, deviation }, index) => ({
    ...{ name: `${label} (${count})`, color: seriesColor(index), values: mean, deviation },
  }));
}

/** A section with curves over frequency. */
export async function responseCurvesSection(
  title: string,
  curves: readonly ResponseCurve[],
  frequencies: ArrayLike<number>,
  axis: FrequencyScale,
): Promise<Markup> {
  const peaks = curves
    .slice(0, NAMED)
    .map(({ name, values }) => `${name} strongest at ${strongest(values, frequencies)} Hz`);
  const label = `${title} over frequency: ${peaks.join('; ')}`;
  const size = { wide: 1100, narrow: 350, height: 280 };
  const plot = await responseCurvesPlot(curves, frequencies, axis, label, size);
  const spread = curves.some(({ deviation }) => deviation !== undefined);
  const explained = note(
    spread && 'Means of the recordings of a class with their standard deviation. ',
    'Marked are the bands from 2 to 3.5 kHz and from 4 to 5 kHz, and by dashed lines 0.5 kHz (pitch and first formant, speakers) and 1 kHz (first two formants, words).',
  );
  const named = curves.length <= NAMED && legend(curves);
  return section(title, html`${named}<figure>${plot}</figure>${explained}`);
}

function strongest(values: ArrayLike<number>, frequencies: ArrayLike<number>): number {
  let best = 0;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return Math.round(frequencies[best] as number);
}

/** Decibels below the strongest response at which the colors end. */
const RANGE = 60;

/** Columns of a picture. */
const COLUMNS = 400;

const RESPONSE_SCALE: ColorScale = { scheme: 'magma', domain: [-RANGE, 0] };

/** From what only the second has, over nothing in the middle, to what only the first has. */
const DIFFERENCE_SCALE: ColorScale = { scheme: 'redblue', domain: [-1, 1], reverse: true };

type ResponseMap = Omit<ResponseSpectra, 'crs'>;

/** Values over time and frequency, frames joined to their means until a picture can show them. */
function columnMeans({ strs, frequencies, times }: ResponseMap): TimeFrequency {
  const bins = frequencies.length;
  const frames = Math.min(times.length, COLUMNS);
  const sums = new Float64Array(bins * frames);
  const counts = new Float64Array(frames);
  for (let j = 0; j < times.length; j++) {
    const column = Math.floor((j * frames) / times.length);
    counts[column] = (counts[column] as number) + 1;
    for (let i = 0; i < bins; i++) {
      const index = i * frames + column;
      sums[index] = (sums[index] as number) + (strs[i * times.length + j] as number);
    }
  }
  const values = Float32Array.from(sums, (sum, index) => sum / (counts[index % frames] as number));
  return { values, bins, frames };
}

/**
 * The STRS of a recording as a picture: time to the right, frequency upward, 60 dB from dark to
 * light.
 *
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function responseImage(response: ResponseMap): Promise<PngImage> {
  const { values: means, ...size } = columnMeans(response);
  const peak = means.reduce((most, value) => Math.max(most, value), 0);
  const values = means.map((value) =>
    peak > 0 ? Math.max(-RANGE, 20 * Math.log10(value / peak)) : -RANGE,
  );
  return spectrogramImage({ values, ...size }, RESPONSE_SCALE);
}

/**
 * A difference of two STRS as a picture: blue where the second is stronger, red where the first is,
 * white where they agree; full color at the largest difference.
 *
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function differenceImage(difference: ResponseMap): Promise<PngImage> {
  const { values, ...size } = columnMeans(difference);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = values.map((value) => (largest > 0 ? value / largest : 0));
  return spectrogramImage({ values: scaled, ...size }, DIFFERENCE_SCALE);
}

/** Frequencies in kHz along a picture. */
function frequencyAxis(frequencies: ArrayLike<number>, axis: FrequencyScale): PictureAxis {
  const [low = 0, high = 0] = [frequencies[0], frequencies[frequencies.length - 1]];
  return {
    title: 'Frequency (kHz)',
    domain: [low / 1000, high / 1000],
    type: axis === 'log' ? 'log' : 'linear',
  };
}

/** Seconds along a picture, to the end of the last frame. */
function timeAxis(times: ArrayLike<number>): PictureAxis {
  const last = times.length - 1;
  const step = last > 0 ? (times[1] as number) - (times[0] as number) : 0;
  return { title: 'Time (s)', domain: [0, (times[last] as number) + step || 1] };
}

/** Pictures of responses, or of their differences. */
async function maps(
  shown: readonly (NamedResponse | NamedDifference)[],
  axis: FrequencyScale,
  picture: { of: string; image: (map: ResponseMap) => Promise<PngImage>; alone: number },
): Promise<Markup> {
  const size =
    shown.length === 1 ? { width: 1100, height: picture.alone } : { width: 540, height: 220 };
  const figures = await Promise.all(
    shown.map(async (map) => {
      const axes = { x: timeAxis(map.times), y: frequencyAxis(map.frequencies, axis) };
      const image = imageDataUri(await picture.image(map));
      return figure(map.name, await picturePlot(image, axes, `${picture.of} ${map.name}`, size));
    }),
  );
  return shown.length === 1 ? html`${figures}` : html`<div class="pair">${figures}</div>`;
}

/** Pictures of the STRS of recordings. */
export async function responsesSection(
  recordings: readonly NamedResponse[],
  axis: FrequencyScale,
): Promise<Markup> {
  const of = 'Short-time response spectra of';
  const shown = await maps(recordings, axis, { of, image: responseImage, alone: 300 });
  const bar = await colorBar(RESPONSE_SCALE, 'Response, dB below the strongest of each picture');
  const explained = note(
    'Short-time response spectra: at each time the modulus of the sum of all filters’ spectra, each weighted by the response of that filter.',
  );
  const content = html`${shown}<div class="bars">${bar}</div>${explained}`;
  return section('Response spectra over time', content);
}

/** Pictures and curves of differences, of two recordings or of two models. */
export async function differencesSection(
  differences: readonly NamedDifference[],
  axis: FrequencyScale,
): Promise<readonly Markup[]> {
  const [first] = differences;
  if (first === undefined) return [];
  const of = 'Difference of responses,';
  const shown = await maps(differences, axis, { of, image: differenceImage, alone: 260 });
  const bar = await colorBar(
    DIFFERENCE_SCALE,
    'Difference, as a part of the largest in each picture',
  );
  return [
    section('Differences of response spectra', html`${shown}<div class="bars">${bar}</div>`),
    await responseCurvesSection(
      'Differences of cumulative response spectra',
      responseCurves(differences),
      first.frequencies,
      axis,
    ),
  ];
}
