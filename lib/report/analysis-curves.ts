import type {
  FrequencyScale,
  ReportedClass,
  ReportedDifference,
  ReportedResponse,
  ResponseMap,
} from './analysis-report-input.js';
import type { ColourScale } from './colour-map.js';
import { legendAbove } from './curve-plot.js';
import { html, type Markup, section } from './page.js';
import { legend } from './sections.js';
import {
  colourBar,
  imageDataUri,
  type PanelSize,
  type PictureAxis,
  type PngImage,
  picturePlot,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram.js';
import { type PlotSizes, plotMarkup, seriesColour } from './svg-plot.js';

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

const sizes: PlotSizes & { height: number } = { wide: 1100, narrow: 350, height: 280 };

/** A curve over frequency, and how far values spread about it. */
export interface ResponseCurve {
  readonly name: string;
  readonly colour: string;
  readonly values: ArrayLike<number>;
  readonly deviation?: ArrayLike<number>;
}

/** Curves over frequency with the bands of the formants marked; `alone` with a legend above. */
export function responseCurvesPlot(
  curves: readonly ResponseCurve[],
  frequencies: ArrayLike<number>,
  axis: FrequencyScale,
  label: string,
  given: PlotSizes & { readonly height?: number; readonly alone?: boolean } = sizes,
): Promise<Markup> {
  const domain = [frequencies[0] as number, frequencies[frequencies.length - 1] as number].map(
    (hertz) => hertz / 1000,
  ) as [number, number];
  const inside = (kilohertz: number) => kilohertz > domain[0] && kilohertz < domain[1];
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain, nice: false, type: axis === 'log' ? ('log' as const) : ('linear' as const) },
    axis: {
      title: 'Frequency (kHz)',
      grid: false,
      tickCount: 9,
      ...(axis === 'log' && { format: '~g' }),
    },
  });
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    axis: { title: 'Response', tickCount: 5, format: '~g' },
  });
  const bands = BANDS.filter(({ from }) => inside(from)).map(({ from, to, name }) => ({
    from,
    to: Math.min(to, domain[1]),
    name,
  }));
  const marks = MARKS.filter(inside);
  return plotMarkup(
    (width) => ({
      width: width - 60,
      height: given.height ?? 280,
      layer: [
        ...(given.alone === true ? legendAbove(curves.slice(0, NAMED), width - 60) : []),
        {
          data: { values: bands },
          mark: { type: 'rect' as const, color: 'var(--muted)', opacity: 0.13 },
          encoding: { x: x('from'), x2: { field: 'to' } },
        },
        {
          data: { values: bands },
          mark: {
            type: 'text' as const,
            align: 'left' as const,
            dx: 4,
            dy: 10,
            fontSize: 10.5,
            color: 'var(--muted)',
          },
          encoding: { x: x('from'), y: { value: 0 }, text: { field: 'name' } },
        },
        {
          data: { values: marks.map((at) => ({ at })) },
          mark: { type: 'rule' as const, color: 'var(--muted)', strokeDash: [3, 4] },
          encoding: { x: x('at') },
        },
        ...curves.flatMap(({ colour, values, deviation }) => {
          const points = pointsOf(frequencies, values, deviation);
          const area = {
            data: { values: points },
            mark: { type: 'area' as const, color: colour, opacity: 0.18 },
            encoding: { x: x('x'), y: y('low'), y2: { field: 'high' } },
          };
          const line = {
            data: { values: points },
            mark: { type: 'line' as const, color: colour, strokeWidth: 1.5 },
            encoding: { x: x('x'), y: y('value') },
          };
          return deviation === undefined ? [line] : [area, line];
        }),
      ],
    }),
    given,
    label,
  );
}

const brief = (value: number) => Number(value.toPrecision(4));

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

/** CRS of recordings, a curve each. */
export function responseCurves(recordings: readonly ReportedResponse[]): ResponseCurve[] {
  return recordings.map(({ name, crs }, index) => ({
    name,
    colour: seriesColour(index),
    values: crs,
  }));
}

/** CRS of classes, means with their spread. */
export function classCurves(classes: readonly ReportedClass[]): ResponseCurve[] {
  return classes.map(({ label, count, mean, deviation }, index) => ({
    name: `${label} (${count})`,
    colour: seriesColour(index),
    values: mean,
    deviation,
  }));
}

/** A section with curves over frequency. */
export async function responseCurvesSection(
  title: string,
  curves: readonly ResponseCurve[],
  frequencies: ArrayLike<number>,
  axis: FrequencyScale,
): Promise<Markup> {
  const named = curves.length <= NAMED;
  const label = `${title} over frequency: ${curves
    .slice(0, NAMED)
    .map((curve) => `${curve.name} strongest at ${strongest(curve.values, frequencies)} Hz`)
    .join('; ')}`;
  const plot = await responseCurvesPlot(curves, frequencies, axis, label);
  const spread = curves.some(({ deviation }) => deviation !== undefined);
  const note = html`<p class="note">${spread && 'Means of the recordings of a class with their standard deviation. '}Marked are the bands from 2 to 3.5 kHz and from 4 to 5 kHz, and by dashed lines 0.5 kHz (pitch and first formant, speakers) and 1 kHz (first two formants, words).</p>`;
  return section(title, html`${named && legend(curves)}<figure>${plot}</figure>${note}`);
}

function strongest(values: ArrayLike<number>, frequencies: ArrayLike<number>): number {
  let best = 0;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return Math.round(frequencies[best] as number);
}

/** Decibels below the strongest response at which the colours end. */
const RANGE = 60;

/** Columns of a picture. */
const COLUMNS = 400;

export const RESPONSE_SCALE: ColourScale = { scheme: 'magma', domain: [-RANGE, 0] };

/** Values over time and frequency, frames joined to their means until a picture can show them. */
export function columnMeans({ strs, frequencies, times }: ResponseMap): TimeFrequency {
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

/** Levels of a response in dB below its strongest. */
export function responseLevels(response: ResponseMap): TimeFrequency {
  const { values: means, ...size } = columnMeans(response);
  const peak = means.reduce((most, value) => Math.max(most, value), 0);
  const values = means.map((value) =>
    peak > 0 ? Math.max(-RANGE, 20 * Math.log10(value / peak)) : -RANGE,
  );
  return { values, ...size };
}

/**
 * The STRS of a recording as a picture: time to the right, frequency upwards, 60 dB from dark to light.
 *
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function responseImage(response: ReportedResponse): Promise<PngImage> {
  return spectrogramImage(responseLevels(response), RESPONSE_SCALE);
}

/** Frequencies in kHz along a picture. */
export function frequencyAxis(frequencies: ArrayLike<number>, axis: FrequencyScale): PictureAxis {
  const [low = 0, high = 0] = [frequencies[0], frequencies[frequencies.length - 1]];
  return {
    title: 'Frequency (kHz)',
    domain: [low / 1000, high / 1000],
    type: axis === 'log' ? 'log' : 'linear',
  };
}

/** Seconds along a picture, to the end of the last frame. */
export function timeAxis(times: ArrayLike<number>): PictureAxis {
  const last = times.length - 1;
  const step = last > 0 ? (times[1] as number) - (times[0] as number) : 0;
  return { title: 'Time (s)', domain: [0, (times[last] as number) + step || 1] };
}

/** Pictures of the STRS of recordings. */
export async function responsesSection(
  recordings: readonly ReportedResponse[],
  axis: FrequencyScale,
): Promise<Markup> {
  const size = recordings.length === 1 ? { width: 1100, height: 300 } : { width: 540, height: 220 };
  const figures = await Promise.all(
    recordings.map(async (response) => {
      const plot = await responsePlot(response, axis, size);
      return html`<figure><figcaption>${response.name}</figcaption>${plot}</figure>
`;
    }),
  );
  const bar = html`<div class="bars">${await colourBar(RESPONSE_SCALE, 'Response, dB below the strongest of each picture')}</div>`;
  const note = html`<p class="note">Short-time response spectra: at each time the modulus of the sum of all filters’ spectra, each weighted by the response of that filter.</p>`;
  const shown = recordings.length === 1 ? figures : html`<div class="pair">${figures}</div>`;
  return section('Response spectra over time', html`${shown}${bar}${note}`);
}

async function responsePlot(
  response: ReportedResponse,
  axis: FrequencyScale,
  size: PanelSize,
): Promise<Markup> {
  const { times, frequencies, name } = response;
  const axes = { x: timeAxis(times), y: frequencyAxis(frequencies, axis) };
  const image = imageDataUri(await responseImage(response));
  return picturePlot(image, axes, `Short-time response spectra of ${name}`, size);
}

/** From what only the second has, over nothing in the middle, to what only the first has. */
const DIFFERENCE_SCALE: ColourScale = { scheme: 'redblue', domain: [-1, 1], reverse: true };

/**
 * A difference of two STRS as a picture: blue where the second is stronger, red where the first is, white where they agree;
 * full colour at the largest difference.
 *
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function differenceImage(difference: ReportedDifference): Promise<PngImage> {
  const { values, bins, frames } = columnMeans(difference);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = Float32Array.from(values, (value) => (largest > 0 ? value / largest : 0));
  return spectrogramImage({ values: scaled, bins, frames }, DIFFERENCE_SCALE);
}

/** Pictures and curves of differences, of two recordings or of two models. */
export async function differencesSection(
  differences: readonly ReportedDifference[],
  axis: FrequencyScale,
): Promise<readonly Markup[]> {
  const [first] = differences;
  if (first === undefined) return [];
  const size =
    differences.length === 1 ? { width: 1100, height: 260 } : { width: 540, height: 220 };
  const figures = await Promise.all(
    differences.map(async (difference) => {
      const axes = {
        x: timeAxis(difference.times),
        y: frequencyAxis(difference.frequencies, axis),
      };
      const image = imageDataUri(await differenceImage(difference));
      const plot = await picturePlot(
        image,
        axes,
        `Difference of responses, ${difference.name}`,
        size,
      );
      return html`<figure><figcaption>${difference.name}</figcaption>${plot}</figure>
`;
    }),
  );
  const bar = html`<div class="bars">${await colourBar(DIFFERENCE_SCALE, 'Difference, as a part of the largest in each picture')}</div>`;
  const curves = differences.map(({ name, crs }, index) => ({
    name,
    colour: seriesColour(index),
    values: crs,
  }));
  return [
    section(
      'Differences of response spectra',
      html`${differences.length === 1 ? figures : html`<div class="pair">${figures}</div>`}${bar}`,
    ),
    await responseCurvesSection(
      'Differences of cumulative response spectra',
      curves,
      first.frequencies,
      axis,
    ),
  ];
}
