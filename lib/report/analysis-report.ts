import { writeFileAtomic } from '../native/atomic-write.js';
import { contoursPlot, contoursSection } from './analysis-contours.js';
import {
  classCurves,
  responseCurves,
  responseCurvesPlot,
  responseCurvesSection,
} from './analysis-curves.js';
import { layersSection } from './analysis-layers.js';
import {
  type AnalysisReportInput,
  checkAnalysisReportInput,
  type ReportedContours,
  type ReportedResponse,
} from './analysis-report-input.js';
import { responsesSection } from './analysis-responses.js';
import { surfaceSection } from './analysis-surface.js';
import { renderPage, section } from './page.js';
import { svgFile } from './svg-file.js';
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
  const { responses, classes, contours = [], layers = [], facts = {} } = input;
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
      contours.length > 0 ? await contoursSection(contours) : undefined,
      layers.length > 0 ? await layersSection(layers) : undefined,
      Object.keys(facts).length > 0 ? section('Settings', factsTables(facts)) : undefined,
    ],
    scripts: surface?.scripts ?? [],
  });
}

/** The CRS of recordings as an SVG file. */
export async function responseCurvesSvg(
  recordings: readonly ReportedResponse[],
  axis: 'fourier' | 'log' = 'fourier',
): Promise<string> {
  const frequencies = recordings[0]?.frequencies ?? [];
  const label = 'Cumulative response spectra';
  const size = { wide: 900, height: 320 };
  return svgFile(
    await responseCurvesPlot(responseCurves(recordings), frequencies, axis, label, size),
  );
}

/** The contours of a bank of filters as an SVG file. */
export async function contoursSvg(contours: ReportedContours): Promise<string> {
  return svgFile(await contoursPlot(contours, { wide: 760 }));
}
