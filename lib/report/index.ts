export { differenceImage, responseImage } from './analysis-curves.js';
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
export { writeClassifierReport } from './classifier-report.js';
export type { ColourScale, ColourScheme } from './colour-map.js';
export { writeComparisonReport } from './comparison-report.js';
export { type LayerTable, layerTable } from './layer-table.js';
export { writeReport } from './report.js';
export { paperColumns, type RunRow, type RunsTableOptions, runsTable } from './runs-table.js';
export {
  imageDataUri,
  type PngImage,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram.js';
export { writeTrainingReport } from './training-report.js';
export type {
  ClassifierReportInput,
  ComparisonReportInput,
  MetricValue,
  ReportedConfusion,
  ReportedEpoch,
  ReportedMetrics,
  ReportedModel,
  ReportedReconstruction,
  ReportedRun,
  ReportedSound,
  ReportedStep,
  ReportedTest,
  ReportedTraining,
  ReportedValidation,
  ReportInput,
  TrainingReportInput,
  ValidationMetric,
} from './types.js';
