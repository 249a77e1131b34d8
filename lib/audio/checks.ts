import { types } from 'node:util';
import { FewSoundError, invalidArgument } from '../errors.js';
import { HIGHEST_SAMPLE_RATE } from '../options.js';

/**
 * Index of the first NaN or infinity, else -1. A plain loop, as `findIndex` is many times slower.
 */
export function firstNotFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) {
    if (!Number.isFinite(samples[i] as number)) return i;
  }
  return -1;
}

/** @throws FewSoundError INVALID_ARGUMENT naming the first sample that is NaN or infinite */
export function requireFinite(samples: Float32Array, what: string): void {
  const index = firstNotFinite(samples);
  if (index < 0) return;
  throw invalidArgument(
    `samples[${index}]`,
    `${what}: sample ${index} is ${samples[index]}; every sample must be a finite number. ` +
      'Find what produced it, or replace it before passing the audio on.',
  );
}

/**
 * @throws FewSoundError INVALID_ARGUMENT for anything but a Float32Array of finite samples;
 *   AUDIO_EMPTY
 */
export function requireAudio(samples: Float32Array, what: string): void {
  if (!types.isFloat32Array(samples)) {
    throw invalidArgument(
      'samples',
      `${what}: expected a Float32Array of samples, got ${typeName(samples)}.`,
    );
  }
  if (samples.length === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${what}: the audio is empty.`, {
      field: 'samples',
    });
  }
  requireFinite(samples, what);
}

/**
 * @throws FewSoundError INVALID_ARGUMENT when the rate is not a whole number of Hz from 1 to
 *   HIGHEST_SAMPLE_RATE
 */
export function requireRate(rate: number, field: string): void {
  if (!Number.isInteger(rate) || rate < 1 || rate > HIGHEST_SAMPLE_RATE) {
    throw invalidArgument(
      field,
      `${field} is ${rate}; expected a whole number of samples per second (Hz) from 1 to ${HIGHEST_SAMPLE_RATE}.`,
    );
  }
}

/** The error for a file with invalid content. */
export function formatError(name: string, problem: string, cause?: unknown): FewSoundError {
  const options = cause === undefined ? {} : { cause };
  return new FewSoundError('FILE_FORMAT', `${name}: ${problem}`, options);
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return value.constructor?.name ?? typeof value;
}
