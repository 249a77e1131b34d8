/**
 * Reports in one HTML file each, their tables and pictures, and what notebooks show.
 *
 * @module fewsound/report
 */

export {
  type AnalysisReportInput,
  type BankContours,
  contoursSvg,
  layerCurvesSvg,
  responseClassesSvg,
  responseCurvesSvg,
  writeAnalysisReport,
} from './analysis-report.js';
export { type ClassifierReportInput, writeClassifierReport } from './classifier-report.js';
export type { ReportedYardstick } from './comparison-table.js';
export {
  type ComparisonReportInput,
  type FitConditions,
  type FittedNetwork,
  type ReportInput,
  writeComparisonReport,
  writeReport,
} from './fit-report.js';
export { type LayerTable, layerTable, type NamedLayers } from './layer-table.js';
export type { EpochGeometry } from './layers.js';
export {
  type ClassResponses,
  differenceImage,
  type FrequencyScale,
  type NamedDifference,
  type NamedResponse,
  responseImage,
} from './responses.js';
export { type MimeBundle, type Showable, type Shown, show } from './show.js';
export {
  type ColorScale,
  type ColorScheme,
  imageDataUri,
  type PngImage,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram.js';
export { type MetricValues, type RunRow, type RunsTableOptions, runsTable } from './tables.js';
export type { TrainingCourse, ValidationMetric } from './training-course.js';
export {
  type ReconstructedSound,
  type TrainingReportInput,
  writeTrainingReport,
} from './training-report.js';
export type { SampledSound } from './waveform-plot.js';
