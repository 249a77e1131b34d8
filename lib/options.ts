import { z } from 'zod';
import { FewSoundError } from './errors.js';
import { optionTables } from './option-tables.generated.js';
import type { FitFields } from './options.generated.js';

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

/** Without the entries that are undefined. */
export function defined<T extends object>(
  values: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
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

/** What a model's numbers can be. */
export const dtypeField = z.enum(['float32', 'float64'], {
  error: "Expected 'float32' or 'float64'",
});

export const deviceField = z.custom<'cpu' | 'cuda' | `cuda:${number}`>(
  (value) => typeof value === 'string' && /^(cpu|cuda(:\d+)?)$/.test(value),
  { error: "Expected 'cpu', 'cuda' or 'cuda:N'" },
);

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

// Options that C++ describes: schemas are made of the rows of its table.

/** What the addon says of an option; native/options/fields.h is the other side. */
export interface OptionRow {
  readonly name: string;
  readonly type: keyof typeof schemas;
  readonly expected: string;
  readonly meaning: string;
  /** Where the default is from. */
  readonly source?: string;
  readonly required?: boolean;
  /** Of options that have a kind: the kinds that this is a number of. */
  readonly kinds?: readonly string[];
  readonly default?: unknown;
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
  readonly multiple?: number;
  readonly each?: Limits;
  readonly shortest?: number;
  readonly longest?: number;
  /** Of a choice, or of the kinds of options within options. */
  readonly names?: readonly string[];
  /** The kind of options that name none. */
  readonly usual?: string;
  readonly fields?: readonly OptionRow[];
  readonly flag?: { readonly value?: string; readonly help?: string; readonly name?: string };
}

type Limits = Pick<OptionRow, 'expected' | 'least' | 'above' | 'most' | 'below' | 'multiple'>;

/** The kinds of things that have options. */
export type OptionFamily = 'network' | 'hypernetwork' | 'encoder' | 'classifier';

const families: Readonly<Record<OptionFamily, Readonly<Record<string, readonly OptionRow[]>>>> =
  optionTables;

/** Options with all their values. */
export type Resolved<Options> = {
  readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined>;
};

/** The fields of a fit; those of its optimizer, schedule, loss and early stop are in groups. */
export const fitRows: readonly OptionRow[] = optionTables.structure.FitFields;

/** The fields of a measurement of the pitch. */
export const pitchRows: readonly OptionRow[] = optionTables.structure.PitchOptions;

/** The fields of a group of a fit's options. */
export function fitGroup(name: keyof FitFields): readonly OptionRow[] {
  return fitRows.find((row) => row.name === name)?.fields as readonly OptionRow[];
}

/** The names of a family's kinds. */
export function kindsOf<Family extends OptionFamily>(
  family: Family,
): readonly (keyof (typeof optionTables)[Family] & string)[] {
  return Object.keys(families[family]) as (keyof (typeof optionTables)[Family] & string)[];
}

/** The options of a kind. */
export function optionRows(family: OptionFamily, kind: string): readonly OptionRow[] {
  return families[family][kind] as readonly OptionRow[];
}

/** What a model as a whole has, and a part of one has not. */
const ofModels: readonly string[] = ['seed', 'dtype', 'device'];

const schemas = {
  whole: (row: OptionRow) => numberIn(row, Number.isInteger),
  real: (row: OptionRow) => numberIn(row, Number.isFinite),
  flag: () => flag,
  wholes: (row: OptionRow) => listOf(row, numberIn(row.each as Limits, Number.isInteger)),
  reals: (row: OptionRow) => listOf(row, numberIn(row.each as Limits, Number.isFinite)),
  range: ({ expected }: OptionRow) => {
    const error = `Expected ${expected}`;
    const end = z.number({ error });
    return z.tuple([end, end], { error }).refine(([lower, upper]) => lower < upper, { error });
  },
  choice: (row: OptionRow) => z.enum(row.names as string[], { error: `Expected ${row.expected}` }),
  dtype: () => dtypeField,
  device: () => deviceField,
  kind: schemaOfKinds,
  group: (row: OptionRow) => schemaOf(row.fields as readonly OptionRow[]).prefault({}),
  list: (row: OptionRow) => listOf(row, schemaOf(row.fields as readonly OptionRow[])),
} satisfies Record<string, (row: OptionRow) => z.ZodType>;

function numberIn(
  { expected, least, above, most, below, multiple = 1 }: Limits,
  accepts: (value: number) => boolean,
) {
  const error = `Expected ${expected}`;
  return z
    .number({ error })
    .refine(
      (value) =>
        accepts(value) &&
        (least === undefined || value >= least) &&
        (above === undefined || value > above) &&
        (most === undefined || value <= most) &&
        (below === undefined || value < below) &&
        (multiple === 1 || value % multiple === 0),
      { error },
    );
}

function listOf(row: OptionRow, element: z.ZodType) {
  const error = `Expected ${row.expected}`;
  return z
    .array(element, { error })
    .min(row.shortest as number, { error })
    .max(row.longest as number, { error });
}

/** Options that name their kind; the usual kind is left out, as files of older versions have it. */
function schemaOfKinds({ names, expected, usual }: OptionRow): z.ZodType {
  const family = (['network', 'encoder'] as const).find(
    (each) => (names?.[0] as string) in families[each],
  );
  const parts = (names as string[]).map((kind) =>
    optionsObject({
      kind: z.literal(kind),
      ...fieldsOf(
        optionRows(family as OptionFamily, kind).filter(({ name }) => !ofModels.includes(name)),
      ),
    }),
  );
  const any = z.discriminatedUnion('kind', parts as [(typeof parts)[0], ...typeof parts], {
    error: ({ code }) =>
      code === 'invalid_union' ? `Expected ${expected}` : 'Expected an object of options',
  });
  if (usual === undefined) return any;
  return z
    .preprocess(
      (value) => (typeof value === 'object' && value !== null ? { kind: usual, ...value } : value),
      any,
    )
    .transform(({ kind, ...options }) => (kind === usual ? options : { kind, ...options }));
}

/** A schema for each option; `Options` has no undefined where there is a default. */
export function fieldsOf<Options = Record<string, unknown>>(
  rows: readonly OptionRow[],
): { [Name in keyof Options]-?: z.ZodType<Options[Name]> } {
  return Object.fromEntries(rows.map((row) => [row.name, schemaOfField(row)])) as ReturnType<
    typeof fieldsOf<Options>
  >;
}

/** The values that rows name, out of all those of a training. */
export function pick<Options>(rows: readonly OptionRow[], values: object): Options {
  const names = new Set(rows.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => names.has(name) && value !== undefined),
  ) as Options;
}

function schemaOfField(row: OptionRow): z.ZodType {
  const schema: z.ZodType = schemas[row.type](row);
  if (row.required || row.type === 'group') return schema;
  if (row.default === undefined) return schema.optional();
  const usual = () => structuredClone(row.default);
  // The default of a kind goes through its schema, which leaves the usual kind out.
  return row.type === 'kind' ? schema.prefault(usual) : schema.default(usual);
}

/** The schema of options that rows describe, with their defaults. */
function schemaOf(rows: readonly OptionRow[]) {
  return optionsObject(fieldsOf(rows));
}

const modelSchemas = new Map<string, z.ZodType>();

/** The schema of the options of a kind. */
export function kindSchema(family: OptionFamily, kind: string): z.ZodType {
  const known = modelSchemas.get(kind);
  if (known !== undefined) return known;
  const schema = schemaOf(optionRows(family, kind));
  modelSchemas.set(kind, schema);
  return schema;
}

/** Where a model goes and in which precision; what is left out stays as it is. */
export const placeSchema = optionsObject({
  dtype: dtypeField.optional(),
  device: deviceField.optional(),
});
