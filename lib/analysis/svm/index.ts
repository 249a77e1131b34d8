export {
  type CrossValidation,
  type CrossValidationOptions,
  crossValidateSvm,
  type Spread,
} from './cross-validation.js';
export { equalErrorRate } from './equal-error-rate.js';
export type { Features } from './polynomial-svm.js';
