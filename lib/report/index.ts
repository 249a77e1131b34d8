export type { ColourScale, ColourScheme } from './colour-map.js';
export { writeComparisonReport } from './comparison-report.js';
export { writeReport } from './report.js';
export type {
  ComparisonReportInput,
  MetricValue,
  ReportedMetrics,
  ReportedModel,
  ReportedRun,
  ReportInput,
  Sound,
} from './report-input.js';
export {
  levelDifference,
  levelsInDecibels,
  peakPower,
  powerSpectrogram,
  type Spectrogram,
} from './spectrogram.js';
export {
  type Image,
  imageDataUri,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram-image.js';
