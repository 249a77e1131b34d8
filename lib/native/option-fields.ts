import { z } from 'zod';

// The fields that options of every kind are made of; their errors say what was expected.

/** An object of options that refuses unknown names and says which ones there are. */
export function optionsObject<Fields extends z.ZodRawShape>(fields: Fields) {
  const names = Object.keys(fields).join(', ');
  return z.strictObject(fields, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `There is no such option; expected ${names}`
        : 'Expected an object of options',
  });
}

/** A whole number in a range. */
export function wholeNumber(least: number, most: number) {
  const error = `Expected a whole number from ${least} to ${most}`;
  return z
    .number({ error })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, { error });
}

const positive = 'Expected a finite number above 0';
const nonNegative = 'Expected a finite number, 0 or more';

export const positiveNumber = z.number({ error: positive }).gt(0, { error: positive });
export const nonNegativeNumber = z.number({ error: nonNegative }).gte(0, { error: nonNegative });
/** A function that is told something. */
export function callback<Call extends (...values: never[]) => unknown>() {
  return z.custom<Call>((value) => typeof value === 'function', { error: 'Expected a function' });
}

/**
 * What stops long work; by what it does, for that of another realm (jsdom has its own) does it too.
 */
export const abortSignal = z.custom<AbortSignal>(
  (value) =>
    typeof (value as AbortSignal | null | undefined)?.aborted === 'boolean' &&
    typeof (value as AbortSignal).addEventListener === 'function',
  { error: 'Expected an AbortSignal' },
);

/**
 * The highest sample rate that is taken, Hz. Converters of sound go to 768 kHz, those of ultrasound
 * to some MHz; what is asked for beyond is a slip of the hand, and would take memory and hours
 * before it shows.
 */
export const HIGHEST_SAMPLE_RATE = 4_000_000;

/** A sample rate, whole Hz. */
export const sampleRateField = wholeNumber(1, HIGHEST_SAMPLE_RATE);

const anyRate = `Expected a number of Hz above 0, up to ${HIGHEST_SAMPLE_RATE}`;
/** A sample rate that need not be whole. */
export const anySampleRateField = z
  .number({ error: anyRate })
  .gt(0, { error: anyRate })
  .lte(HIGHEST_SAMPLE_RATE, { error: anyRate });

export const flag = z.boolean({ error: 'Expected true or false' });
