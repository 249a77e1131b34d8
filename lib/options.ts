import { z } from 'zod';
import { FewSoundError } from './errors.js';

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

/**
 * Checks options against a zod schema and fills in the defaults.
 *
 * @param what how errors call the options, for example 'fit options'
 * @throws FewSoundError INVALID_ARGUMENT naming the field, its value and what was expected
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : issue.path;
  const field = path.map(String).join('.');
  const given = path.reduce<unknown>(
    (inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key as PropertyKey],
    value,
  );
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${what}: ${field === '' ? 'the value' : field} is ${show(given)}. ${issue.message}.`,
    { field },
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}

/** Widths of the hidden layers, from the input to the output. */
export const layerWidths = z
  .array(wholeNumber(1, 65_536), { error: 'Expected an array of widths, such as [48, 24, 12]' })
  .min(1, { error: 'Expected at least one hidden layer' })
  .max(64, { error: 'Expected at most 64 hidden layers' });

/** Hidden layers of the baselines in the FewSound paper. */
export const baselineLayers = [90, 90, 90, 90, 70];

/** Above 64 the highest frequency 2^(L-1)·π is past what a float can resolve. */
export const encodingLength = wholeNumber(1, 64);

const device = z.custom<'cpu' | 'cuda' | `cuda:${number}`>(
  (value) => typeof value === 'string' && /^(cpu|cuda(:\d+)?)$/.test(value),
  { error: "Expected 'cpu', 'cuda' or 'cuda:N'" },
);
const dtypeError = "Expected 'float32' or 'float64'";

/** What every network has. */
export const commonFields = {
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  dtype: z.enum(['float32', 'float64'], { error: dtypeError }).default('float32'),
  device: device.default('cpu'),
};
