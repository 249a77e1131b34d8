export {
  type CrossValidation,
  type CrossValidationOptions,
  crossValidateSvm,
  type FoldSpread,
} from './cross-validation.js';
export { equalErrorRate } from './equal-error-rate.js';
export type { SvmFeatures } from './polynomial-svm.js';
