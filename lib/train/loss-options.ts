import { z } from 'zod';
import {
  nonNegativeNumber,
  optionsObject,
  sampleRateField,
  wholeNumber,
} from '../native/option-fields.js';

/** Options of the reconstruction loss. */
export interface LossOptions {
  /** Weight λ_t of the L1 loss, 0 or more. Default 1 (paper 1, equation 2). */
  time?: number;
  /** Weight λ_f of the mel STFT loss, 0 or more. Default 1. Not both weights may be 0. */
  mel?: number;
  /** Rate of the recording, Hz, 1 to 1,000,000: places the mel bands. */
  sampleRate?: number;
  /** Number of mel bands, 1 to 4096. Default 128. */
  mels?: number;
  /** FFT sizes, multiples of 4 from 4 to 65,536. Default [2048, 1024, 512, 256, 128]; hop size / 4. */
  fftSizes?: readonly number[];
  /**
   * Above 0, band b counts ((b + 1) / mels)^bandPower, scaled to a mean of 1: high bands count more.
   * Default 0: all bands alike.
   */
  bandPower?: number;
}

const sizeError = 'Expected FFT sizes that are multiples of 4 from 4 to 65536';
const fftSize = z
  .number({ error: sizeError })
  .refine((size) => Number.isInteger(size) && size >= 4 && size <= 65_536 && size % 4 === 0, {
    error: sizeError,
  });

/** The loss options; the rate of the clip stands in where none is given, and without a clip it is needed. */
export function lossSchema(clipRate?: number) {
  return optionsObject({
    time: nonNegativeNumber.default(1),
    mel: nonNegativeNumber.default(1),
    sampleRate: clipRate === undefined ? sampleRateField : sampleRateField.default(clipRate),
    mels: wholeNumber(1, 4096).default(128),
    fftSizes: z
      .array(fftSize, { error: 'Expected an array of FFT sizes' })
      .min(1, { error: 'Expected at least one FFT size' })
      .max(16, { error: 'Expected at most 16 FFT sizes' })
      .default([2048, 1024, 512, 256, 128]),
    bandPower: nonNegativeNumber.default(0),
  }).refine(({ time, mel }) => time > 0 || mel > 0, {
    error: 'Expected time or mel above 0: with both 0 there is nothing to learn',
    path: ['mel'],
  });
}

/** Loss options with all their values. */
export type ResolvedLoss = Readonly<Required<LossOptions>>;
