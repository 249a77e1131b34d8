import type { z } from 'zod';
import { FewSoundError } from './errors.js';

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
