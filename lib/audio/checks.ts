import { types } from 'node:util';
import { FewSoundError } from '../errors.js';
import { HIGHEST_SAMPLE_RATE } from '../options.js';

/**
 * Index of the first NaN or infinity, -1 where there is none. A plain loop: `findIndex` takes longer than some metrics.
 *
 * @internal
 */
export function firstNotFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) {
    if (!Number.isFinite(samples[i] as number)) return i;
  }
  return -1;
}

/**
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT naming the first sample that is NaN or infinite
 */
export function requireFinite(samples: Float32Array, what: string): void {
  const index = firstNotFinite(samples);
  if (index < 0) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${what}: sample ${index} is ${samples[index]}; every sample must be a finite number. ` +
      'Find what produced it, or replace it before passing the audio on.',
    { field: `samples[${index}]` },
  );
}

/**
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT when it is no Float32Array or holds a sample that is not
 *   finite; AUDIO_EMPTY when there is not one sample
 */
export function requireAudio(samples: Float32Array, what: string): void {
  if (!types.isFloat32Array(samples)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${what}: the samples are ${typeName(samples)}; expected a Float32Array.`,
      { field: 'samples' },
    );
  }
  if (samples.length === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${what}: there is not one sample of audio.`, {
      field: 'samples',
    });
  }
  requireFinite(samples, what);
}

/**
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT when the rate is not a whole number of Hz from 1 to
 *   HIGHEST_SAMPLE_RATE
 */
export function requireRate(rate: number, field: string): void {
  if (!Number.isInteger(rate) || rate < 1 || rate > HIGHEST_SAMPLE_RATE) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${field} is ${rate}; expected a whole number of samples per second (Hz) from 1 to ${HIGHEST_SAMPLE_RATE}.`,
      { field },
    );
  }
}

/**
 * The error for a file whose content is not what it should be.
 *
 * @internal
 */
export function formatError(name: string, problem: string, cause?: unknown): FewSoundError {
  const options = cause === undefined ? {} : { cause };
  return new FewSoundError('FILE_FORMAT', `${name}: ${problem}`, options);
}

/** What a value of the wrong type is called in an error. */
function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return value.constructor?.name ?? typeof value;
}
