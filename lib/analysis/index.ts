export {
  type ClassResponse,
  firstFrames,
  type ResponseDifference,
  responseDifference,
  responsesByClass,
} from './compare-responses.js';
export {
  type ContourPoint,
  contourPolygons,
  type FilterContour,
  filterContours,
  type Grid,
  type Polygon,
} from './contours.js';
export type { DictionaryLayer, StateDict } from './dictionary.js';
export {
  blockDictionary,
  type DictionaryBranch,
  type DictionaryOptions,
  dictionaryOf,
  type LayerKind,
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
  type CrossValidation,
  type CrossValidationOptions,
  crossValidateSvm,
  equalErrorRate,
  type Features,
  type Spread,
} from './svm/index.js';
export {
  type WaveformFilterOptions,
  type WaveformFilters,
  waveformFilters,
} from './waveform-filters.js';
export { type WignerVille, type WignerVilleOptions, wignerVille } from './wigner-ville.js';
