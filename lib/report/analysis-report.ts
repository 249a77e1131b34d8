import type { FilterContour } from '../analysis/index.js';
import { writeFileAtomic } from '../files.js';
import type { NamedLayers } from './layer-table.js';
import {
  depthPanels,
  distributionsSection,
  layersCourseSection,
  layersSection,
  panelPlot,
} from './layers.js';
import { figure, html, type Markup, note, refused, renderPage, section } from './page.js';
import {
  type ClassResponses,
  classCurves,
  differencesSection,
  type FrequencyScale,
  type NamedDifference,
  type NamedResponse,
  type ResponseCurve,
  responseCurves,
  responseCurvesPlot,
  responseCurvesSection,
  responsesSection,
} from './responses.js';
import { settingsSection } from './sections.js';
import { surfaceSection } from './surface.js';
import { brief, layer, numeric, type PlotSizes, plotMarkup, svgFile } from './svg-plot.js';

/** Wigner-Ville contours of a bank of filters. */
export interface BankContours {
  /** What to call the bank. */
  readonly name: string;
  /** Seconds that the filters last. */
  readonly duration: number;
  /** Hz. */
  readonly sampleRate: number;
  /** Part of each filter's highest value at which its contour lies. */
  readonly threshold: number;
  readonly filters: readonly Pick<FilterContour, 'polygons' | 'grey'>[];
}

/** What a report of an analysis shows; each part may be absent. */
export interface AnalysisReportInput {
  readonly title: string;
  /** One sentence below the title. */
  readonly summary: string;
  readonly responses?: {
    readonly axis: FrequencyScale;
    readonly recordings: readonly NamedResponse[];
    /** A surface that turns, of the first recording: about 2 MB more. Default false. */
    readonly surface?: boolean;
  };
  readonly classes?: ClassResponses;
  readonly differences?: {
    readonly axis: FrequencyScale;
    readonly differences: readonly NamedDifference[];
  };
  readonly contours?: readonly BankContours[];
  /** Several are put side by side, and their course is drawn where they have the same layers. */
  readonly models?: readonly NamedLayers[];
  /** What was analyzed and how, in groups. */
  readonly facts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Default: now. */
  readonly date?: Date;
  /** Of fewsound. */
  readonly version?: string;
}

/** Refuses what cannot be drawn. */
function check({ responses, classes, differences, contours, models }: AnalysisReportInput): void {
  const maps = [...(responses?.recordings ?? []), ...(differences?.differences ?? [])];
  for (const { name, frequencies, times, strs, crs } of maps) {
    const [bins, frames] = [frequencies.length, times.length];
    if (bins >= 2 && frames > 0 && strs.length === bins * frames && crs.length === bins) continue;
    throw refused(
      'responses',
      `the response to '${name}' has ${strs.length} values of STRS and ${crs.length} of CRS for ${bins} frequencies and ${frames} times.`,
    );
  }
  for (const { label, mean, deviation } of classes?.classes ?? []) {
    const bins = classes?.frequencies.length;
    if (mean.length === bins && deviation.length === bins) continue;
    throw refused(
      'classes',
      `the class '${label}' needs one value for each of ${bins} frequencies.`,
    );
  }
  const layers = models?.flatMap((model) => model.layers) ?? [];
  if ([...maps, ...(classes?.classes ?? []), ...(contours ?? []), ...layers].length > 0) return;
  throw refused(
    'responses',
    'there is nothing to report: give responses, classes, differences, contours or models with layers.',
  );
}

/**
 * Writes one self-contained HTML file about what is inside a model: response spectra, filters over
 * time and frequency, the geometry of its layers, whatever of it is given.
 *
 * The file needs no network and nothing beside it. It is written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where sizes do not agree or there is nothing to show,
 *   `IO` where the file cannot be written
 */
export async function writeAnalysisReport(path: string, input: AnalysisReportInput): Promise<void> {
  await writeFileAtomic(path, await renderAnalysisReport(input));
}

/** The document of `writeAnalysisReport` as text. */
export async function renderAnalysisReport(input: AnalysisReportInput): Promise<string> {
  check(input);
  const { responses, classes, differences, contours = [], facts = {} } = input;
  const models = input.models?.filter(({ layers }) => layers.length > 0) ?? [];
  const first = responses?.recordings[0];
  const surface =
    first && responses.surface ? await surfaceSection(first, responses.axis) : undefined;
  return renderPage({
    title: input.title,
    summary: input.summary,
    date: input.date ?? new Date(),
    version: input.version,
    sections: [
      first && (await responsesSection(responses.recordings, responses.axis)),
      surface?.section,
      first &&
        (await responseCurvesSection(
          'Cumulative response spectra',
          responseCurves(responses.recordings),
          first.frequencies,
          responses.axis,
        )),
      classes &&
        (await responseCurvesSection(
          'Cumulative response spectra of classes',
          classCurves(classes.classes),
          classes.frequencies,
          classes.axis,
        )),
      ...(differences ? await differencesSection(differences.differences, differences.axis) : []),
      contours.length > 0 ? await contoursSection(contours) : undefined,
      models.length > 0 ? await layersSection(models) : undefined,
      await layersCourseSection(models),
      models.length === 1 ? await distributionsSection(models[0] as NamedLayers) : undefined,
      settingsSection(Object.entries(facts)),
    ],
    scripts: surface?.scripts ?? [],
  });
}

/** The CRS of recordings as an SVG file. */
export async function responseCurvesSvg(
  recordings: readonly NamedResponse[],
  axis: FrequencyScale = 'fourier',
): Promise<string> {
  const frequencies = recordings[0]?.frequencies ?? [];
  return curvesSvg(responseCurves(recordings), frequencies, axis);
}

/** The CRS of classes, means with their spread, as an SVG file. */
export async function responseClassesSvg({
  axis,
  frequencies,
  classes,
}: ClassResponses): Promise<string> {
  return curvesSvg(classCurves(classes), frequencies, axis);
}

async function curvesSvg(
  curves: readonly ResponseCurve[],
  frequencies: ArrayLike<number>,
  axis: FrequencyScale,
): Promise<string> {
  const size = { wide: 900, height: 320, alone: true };
  return svgFile(
    await responseCurvesPlot(curves, frequencies, axis, 'Cumulative response spectra', size),
  );
}

/**
 * The figures of layers over the depth as SVG files: of one model coherence, angles and bounds, of
 * several models the figures that they are compared by (paper 2, Figure 5).
 */
export async function layerCurvesSvg(models: readonly NamedLayers[]): Promise<string[]> {
  const drawn = depthPanels(models).map((panel) => panelPlot(panel, { wide: 640, alone: true }));
  return (await Promise.all(drawn)).map(svgFile);
}

/** The contours of a bank of filters as an SVG file. */
export async function contoursSvg(contours: BankContours): Promise<string> {
  return svgFile(await contoursPlot(contours, { wide: 760 }));
}

/** Contours of the banks of a layer. */
async function contoursSection(banks: readonly BankContours[]): Promise<Markup> {
  const sizes = banks.length === 1 ? { wide: 760, narrow: 350 } : { wide: 380 };
  const figures = await Promise.all(
    banks.map(async (bank) => {
      const count = bank.filters.length;
      const remark = `${count} ${count === 1 ? 'filter' : 'filters'}`;
      return figure(bank.name, await contoursPlot(bank, sizes), remark);
    }),
  );
  const shown = banks.length === 1 ? figures : html`<div class="panels">${figures}</div>`;
  const explained = note(
    `Each filter’s Wigner-Ville distribution at ${banks[0]?.threshold} of its highest value; the fuller the shade, the nearer the filter’s energy is to that of the strongest in its bank.`,
  );
  return section('Filters over time and frequency', html`${shown}${explained}`);
}

type Polygon = FilterContour['polygons'][number];

/** Twice the area; below 0 for a hole, which the lines go round the other way. */
function turning(polygon: Polygon): number {
  return polygon.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length] as Polygon[number];
    return sum + x * nextY - nextX * y;
  }, 0);
}

/** Contours over time and frequency, the stronger the fuller their shade (paper 2, Figure 4). */
function contoursPlot(contours: BankContours, sizes: PlotSizes): Promise<Markup> {
  const { name, duration, sampleRate, filters } = contours;
  const lines = filters
    .flatMap(({ polygons, grey }) =>
      polygons.map((polygon) => ({ polygon, grey, hole: turning(polygon) < 0 })),
    )
    // The weak ones below the strong ones, holes above what they are in.
    .sort((a, b) => a.grey - b.grey || Number(a.hole) - Number(b.hole));
  const values = lines.flatMap(({ polygon, grey, hole }, rank) =>
    [...polygon, polygon[0] as Polygon[number]].map(([t, f], order) => ({
      ...{ t: brief(t * 1000), f: brief(f / 1000), order, rank },
      fill: hole ? 'var(--card)' : 'var(--ink)',
      opacity: brief(hole ? 0.9 : 0.06 + 0.6 * grey),
    })),
  );
  const axis = (field: string, title: string, end: number) =>
    numeric(field, { domain: [0, end], nice: false }, { title, grid: false, tickCount: 5 });
  const stroke = 'var(--ink)';
  const [strokeWidth, strokeOpacity] = [0.6, 0.65];
  return plotMarkup(
    (width) => ({
      width: width - 55,
      height: Math.round(width * 0.62),
      ...layer(
        values,
        { type: 'line', stroke, strokeWidth, strokeOpacity, strokeJoin: 'round' },
        {
          x: axis('t', 'Time (ms)', duration * 1000),
          y: axis('f', 'Frequency (kHz)', sampleRate / 2000),
          detail: { field: 'rank', type: 'quantitative' },
          order: { field: 'order' },
          fill: { field: 'fill', type: 'nominal', scale: null },
          fillOpacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
        },
      ),
    }),
    sizes,
    `Wigner-Ville contours of ${filters.length} filters of ${name}, over ${brief(duration * 1000)} milliseconds and 0 to ${sampleRate / 2000} kilohertz`,
  );
}
