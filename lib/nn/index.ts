export type {
  ClassifierInput,
  ClassifierOptions,
  WaveformCnnOptions,
  WaveformLayer,
} from './classifiers/classifier.js';
export {
  type ClassifierKind,
  classifierKinds,
  WaveformClassifier,
} from './classifiers/classifier.js';
export {
  type ClassifierOptionsByKind,
  createClassifier,
  IncTssdnet,
  MultiResolutionCnn,
  ResTssdnet,
  SegmentalCnn,
  SubSegmentalCnn,
} from './classifiers/networks.js';
export {
  type EncodingFrequencies,
  encodingFrequencies,
  type FrequencyRule,
} from './encoding-frequencies.js';
export { amplitudeEnvelope, type Envelope, type EnvelopeRule } from './envelope.js';
export { setupDemoModel } from './hyper/demo-model.js';
export { type EncodeOptions, encodeRecording } from './hyper/encode-recording.js';
export {
  createHyperNetwork,
  FewSound,
  type FewSoundOptions,
  type HyperNetworkOptionsByKind,
  HyperSound,
  type HyperSoundOptions,
} from './hyper/few-sound.js';
export {
  type HyperForwardOptions,
  HyperNetwork,
  type HyperNetworkKind,
  type WrittenSlot,
} from './hyper/hyper-network.js';
export {
  type EncoderOptions,
  type HyperNetworkOptions,
  hypernetworkSizes,
  type TargetOptions,
  type WeightMode,
} from './hyper/hyper-options.js';
export { loadPosteriorgram, type SpectralOptions } from './hyper/spectral.js';
export {
  type KeptWhisper,
  loadLora,
  loadWhisperWeights,
  mergeLora,
  saveLora,
  setupWhisper,
} from './hyper/whisper.js';
export {
  Inr,
  type InrKind,
  type InrOptions,
  inrKinds,
  type ResolvedOptions,
  type WeightSlot,
} from './inr.js';
export {
  type LoadedModel,
  type LoadOptions,
  load,
  loadClassifier,
  loadHyperNetwork,
} from './load.js';
export { Model, type ModelOptions, type NamedTensors } from './model.js';
export * from './networks.js';
export { PiecewiseInr } from './piecewise-inr.js';
export type { LearnedClip, RenderRange } from './time.js';
export { type TimeAxisOptions, timeAxis } from './time.js';
