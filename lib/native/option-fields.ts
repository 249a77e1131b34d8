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

/** What stops long work. */
export const abortSignal = z.instanceof(AbortSignal, { error: 'Expected an AbortSignal' });

export const flag = z.boolean({ error: 'Expected true or false' });
