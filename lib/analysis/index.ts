/**
 * Looks inside models of waveforms: response spectra, geometry of layers as dictionaries,
 * Wigner-Ville distributions.
 *
 * @module fewsound/analysis
 */

export {
  type ClassResponse,
  firstFrames,
  type ResponseDifference,
  responseDifference,
  responsesByClass,
} from './compare-responses.js';
export {
  type ContourGrid,
  type ContourPoint,
  type ContourPolygon,
  contourPolygons,
  type FilterContour,
  filterContours,
} from './contours.js';
export {
  blockDictionary,
  type DictionaryBranch,
  type DictionaryLayer,
  type DictionaryOptions,
  dictionaryOf,
  type LayerKind,
  type StateDict,
} from './dictionary.js';
export {
  type DictionaryMetrics,
  type DictionaryMetricsOptions,
  dictionaryMetrics,
} from './dictionary-metrics.js';
export {
  type FilterBank,
  type FilterBankOptions,
  type FilterValues,
  filterBankOf,
} from './filter-bank.js';
export { type GapMeasures, type GapMeasuresOptions, gapMeasures } from './gap-measures.js';
export type { LayerDescription } from './layer-descriptions.js';
export {
  inverseMdct,
  largestMdct,
  type MdctApproximation,
  type MdctOptions,
  type MdctWindow,
  mdct,
} from './mdct.js';
export { type ModelFile, readModelFile } from './model-file.js';
export {
  geometryOfModel,
  type LayerGeometry,
  type ModelGeometryOptions,
} from './model-geometry.js';
export {
  type LayerGrouping,
  layerGroupings,
  layersOf,
} from './model-layers.js';
export {
  modelDifferences,
  type RecordingFilters,
  type RecordingResponse,
  type RecordingResponses,
  recordingDifference,
  recordingsToShow,
  responsesToRecordings,
} from './recording-responses.js';
export {
  type CumulativeResponses,
  cumulativeResponses,
  normalizeInput,
  type ResponseInput,
  type ResponseOptions,
  type ResponseSpectra,
  responseSpectra,
  visitResponseSpectra,
} from './response-spectra.js';
export {
  type SplineDictionaryOptions,
  type SplineGrid,
  splineDictionary,
} from './spline-dictionary.js';
export {
  edgeFunction,
  type LayerEdges,
  type SplineEdge,
  splineEdges,
  switchOffEdges,
} from './spline-edges.js';
export {
  type CrossValidation,
  type CrossValidationOptions,
  crossValidateSvm,
  type FoldSpread,
} from './svm/cross-validation.js';
export { equalErrorRate } from './svm/equal-error-rate.js';
export type { SvmFeatures } from './svm/polynomial-svm.js';
export {
  type WaveformFilterOptions,
  type WaveformFilters,
  waveformFilters,
} from './waveform-filters.js';
export { type WignerVille, type WignerVilleOptions, wignerVille } from './wigner-ville.js';
