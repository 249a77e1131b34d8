export {
  createInr,
  type InrByKind,
  type InrOptionsByKind,
  isInrKind,
} from './create-inr.js';
export { Finer, type FinerOptions } from './finer.js';
export { type EncodeOptions, encodeRecording } from './hyper/encode-recording.js';
export { FewSound, type FewSoundOptions } from './hyper/few-sound.js';
export {
  type AskOptions,
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
export { HyperSound, type HyperSoundOptions } from './hyper/hyper-sound.js';
export { createHyperNetwork, loadHyperNetwork } from './hyper/load-hyper-network.js';
export {
  Inr,
  type InrKind,
  type InrOptions,
  inrKinds,
  type ResolvedOptions,
  type WeightSlot,
} from './inr.js';
export { KAN, type KanOptions } from './kan.js';
export { type LoadOptions, load } from './load.js';
export { Nerf, type NerfOptions } from './nerf.js';
export { planPieces } from './piece-plan.js';
export { PiecewiseInr, type PiecewiseParts } from './piecewise-inr.js';
export type { LearnedClip, RenderRange } from './render-range.js';
export { Rff, type RffOptions } from './rff.js';
export { Siren, type SirenOptions } from './siren.js';
export type { NamedTensors } from './state-dict.js';
export { type TimeAxisOptions, timeAxis } from './time-axis.js';
export {
  type ClassifierKind,
  classifierKinds,
  WaveformClassifier,
} from './waveform/classifier.js';
export type {
  ClassifierOptions,
  WaveformCnnOptions,
  WaveformLayer,
} from './waveform/classifier-options.js';
export { type ClassifierOptionsByKind, createClassifier } from './waveform/create-classifier.js';
export type { Listening } from './waveform/listening.js';
export { loadClassifier } from './waveform/load-classifier.js';
export { IncTssdnet, ResTssdnet } from './waveform/tssdnets.js';
export { MultiResolutionCnn, SegmentalCnn, SubSegmentalCnn } from './waveform/waveform-cnns.js';
export { Wire, type WireOptions } from './wire.js';
