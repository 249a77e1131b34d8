export { layerTable } from './analysis-layers.js';
export { contoursSvg, responseCurvesSvg, writeAnalysisReport } from './analysis-report.js';
export type {
  AnalysisReportInput,
  ReportedClass,
  ReportedContours,
  ReportedLayer,
  ReportedResponse,
} from './analysis-report-input.js';
export { responseImage } from './analysis-responses.js';
export type { ColourScale, ColourScheme } from './colour-map.js';
export { writeComparisonReport } from './comparison-report.js';
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
  ReportedValidation,
  TrainingReportInput,
} from './training-report-input.js';
