import { writeFileAtomic } from '../files.js';
import { contoursPlot, contoursSection } from './analysis-contours.js';
import {
  classCurves,
  differencesSection,
  type ResponseCurve,
  responseCurves,
  responseCurvesPlot,
  responseCurvesSection,
  responsesSection,
} from './analysis-curves.js';
import {
  depthPanels,
  distributionsSection,
  layerCurvesPlot,
  layersCourseSection,
  layersSection,
} from './analysis-layers.js';
import {
  type AnalysisReportInput,
  checkAnalysisReportInput,
  type FrequencyScale,
  type ReportedClasses,
  type ReportedContours,
  type ReportedLayers,
  type ReportedResponse,
} from './analysis-report-input.js';
import { surfaceSection } from './analysis-surface.js';
import { renderPage, section } from './page.js';
import { svgFile } from './svg-plot.js';
import { factsTables } from './tables.js';

/**
 * Writes one self-contained HTML file about what is inside a model: response spectra, filters over time and frequency, the
 * geometry of its layers, whatever of it is given.
 *
 * The file needs no network and nothing beside it. It is written atomically.
 *
 * @throws FewSoundError `INVALID_ARGUMENT` where sizes do not agree or there is nothing to show, `IO` where the file
 *   cannot be written
 */
export async function writeAnalysisReport(path: string, input: AnalysisReportInput): Promise<void> {
  await writeFileAtomic(path, await renderAnalysisReport(input));
}

/** The document of `writeAnalysisReport` as text. */
export async function renderAnalysisReport(input: AnalysisReportInput): Promise<string> {
  checkAnalysisReportInput(input);
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
      models.length === 1 ? await distributionsSection(models[0] as ReportedLayers) : undefined,
      Object.keys(facts).length > 0 ? section('Settings', factsTables(facts)) : undefined,
    ],
    scripts: surface?.scripts ?? [],
  });
}

/** The CRS of recordings as an SVG file. */
export async function responseCurvesSvg(
  recordings: readonly ReportedResponse[],
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
}: ReportedClasses): Promise<string> {
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
 * The figures of layers over the depth as SVG files: of one model coherence, angles and bounds, of several models the
 * figures that they are compared by (paper 2, Figure 5).
 */
export async function layerCurvesSvg(models: readonly ReportedLayers[]): Promise<string[]> {
  const panels = depthPanels(models);
  const drawn = panels.map(({ title, curves, places }) =>
    layerCurvesPlot(curves, places, title, { wide: 640, alone: true }),
  );
  return (await Promise.all(drawn)).map(svgFile);
}

/** The contours of a bank of filters as an SVG file. */
export async function contoursSvg(contours: ReportedContours): Promise<string> {
  return svgFile(await contoursPlot(contours, { wide: 760 }));
}
