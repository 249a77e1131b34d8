export { type CdpamOptions, cdpam } from './cdpam/cdpam.js';
export { type CdpamSetup, isCdpamSetUp, setupCdpam } from './cdpam/cdpam-package.js';
export { mae, mse, psnr, siSnr, snr } from './distortion.js';
export { type EvaluateOptions, evaluate } from './evaluate.js';
export { type LsdOptions, lsd } from './log-spectral-distance.js';
export type { MetricDescription } from './metric.js';
export { type PesqOptions, pesq } from './pesq/pesq.js';
export { isPesqSetUp, type PesqSetup, setupPesq } from './pesq/pesq-package.js';
export {
  describeMetric,
  type MetricName,
  type Metrics,
  metricNames,
  paperColumns,
} from './registry.js';
export type { Signal } from './signal-pair.js';
export { estoi, type StoiOptions, stoi } from './stoi.js';
export { wassersteinDistance } from './wasserstein.js';
export {
  type BandError,
  errorByBand,
  errorOverTime,
  type MomentError,
} from './where-errors-lie.js';
