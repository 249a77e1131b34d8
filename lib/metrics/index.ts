export { mae, mse, psnr, siSnr, snr } from './distortion.js';
export {
  type EvaluateOptions,
  evaluate,
  type MetricName,
  type Metrics,
  metricNames,
} from './evaluate.js';
export { type LsdOptions, lsd } from './log-spectral-distance.js';
export type { Signal } from './signal-pair.js';
export { wassersteinDistance } from './wasserstein.js';
