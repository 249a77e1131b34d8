export { differenceImage } from './analysis-differences.js';
export {
  contoursSvg,
  layerCurvesSvg,
  responseClassesSvg,
  responseCurvesSvg,
  writeAnalysisReport,
} from './analysis-report.js';
export type {
  AnalysisReportInput,
  FrequencyScale,
  ReportedClass,
  ReportedClasses,
  ReportedContours,
  ReportedDifference,
  ReportedLayer,
  ReportedLayers,
  ReportedResponse,
  ResponseMap,
} from './analysis-report-input.js';
export { responseImage } from './analysis-responses.js';
export { writeClassifierReport } from './classifier-report.js';
export type {
  ClassifierReportInput,
  ReportedConfusion,
  ReportedEpoch,
  ReportedTest,
} from './classifier-report-input.js';
export type { ColourScale, ColourScheme } from './colour-map.js';
export { writeComparisonReport } from './comparison-report.js';
export { type LayerTable, layerTable } from './layer-table.js';
export { writeReport } from './report.js';
export type {
  ComparisonReportInput,
  MetricValue,
  ReportedMetrics,
  ReportedModel,
  ReportedRun,
  ReportedSound,
  ReportInput,
} from './report-input.js';
export { paperColumns, type RunRow, type RunsTableOptions, runsTable } from './runs-table.js';
export {
  imageDataUri,
  type PngImage,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram-image.js';
export { writeTrainingReport } from './training-report.js';
export type {
  ReportedReconstruction,
  ReportedStep,
  ReportedTraining,
  ReportedValidation,
  TrainingReportInput,
  ValidationMetric,
} from './training-report-input.js';
