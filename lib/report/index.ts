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
export {
  imageDataUri,
  type PngImage,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram-image.js';
