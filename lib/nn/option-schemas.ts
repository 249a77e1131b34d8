import { z } from 'zod';

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
export const flag = z.boolean({ error: 'Expected true or false' });

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
