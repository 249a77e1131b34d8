/**
 * Plays networks without native code: on a page, in an AudioWorklet, anywhere. Nothing in it knows
 * Node.js or the DOM.
 *
 * @module fewsound/player
 */

export { type ErrorCode, FewSoundError, type FewSoundErrorDetails } from '../errors.js';
export type { LearnedClip, RenderRange } from './positions.js';
export { type BlockPlace, readSound, type Sound } from './sound.js';
