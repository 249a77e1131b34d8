export {
  type Clip,
  createClip,
  crop,
  type LoadClipOptions,
  loadClip,
  mixDown,
  peakNormalize,
} from './clip.js';
export { type Pitch, type PitchOptions, pitch } from './pitch.js';
export { type AudioFormat, type AudioSource, type Recording, readAudio } from './read.js';
export {
  type ResampleOptions,
  type ResampleQuality,
  resample,
  resampledLength,
  resampleQualities,
} from './resample.js';
export { encodeWav, type WavOptions, type WavSource, writeWav } from './write-wav.js';
