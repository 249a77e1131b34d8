import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import { corpusKind } from './corpora/index.js';

/** What a prepared corpus is made with; one with other settings is another corpus. */
const settings = z.strictObject({
  corpus: corpusKind,
  sampleRate: count(1),
  skipSeconds: z.number().nonnegative(),
  segmentSamples: count(1),
  short: z.enum(['drop', 'pad']),
  /** Null where the corpus has a division of its own. */
  validationFraction: z.number().nullable(),
});

/** Whose recordings they are. */
const source = z.strictObject({
  /** Where they lay when the preparation began; only a note, the corpus may move. */
  folder: z.string(),
  files: count(0),
  /** SHA-256 over the names, the sizes and the division. */
  digest: z.string(),
});

/** A recording that gave segments. */
const preparedFile = z.strictObject({
  name: z.string(),
  group: z.string(),
  /** Where each of its segments begins, in samples of the prepared rate from the recording's own beginning. */
  starts: z.array(count(0)).min(1),
  /** Samples of its only segment that are sound and no padding; absent where nothing is padded. */
  padded: count(1).optional(),
});

const problems = ['unreadable', 'damaged', 'empty', 'short', 'silent'] as const;

/**
 * Why a recording gave no segment. unreadable: the system refuses; damaged: no audio, or not whole; empty: no samples;
 * short: too few of them for a segment; silent: nothing above half a step of 16 bits.
 */
export type BadFileProblem = (typeof problems)[number];

const badFile = z.strictObject({
  name: z.string(),
  group: z.string(),
  problem: z.enum(problems),
  message: z.string(),
});

/** @internal */
export const shardSchema = z.strictObject({
  /** Its file: segments one after the other, float32, little-endian. There is none where there are no segments. */
  file: z.string().regex(/^(train|validation)-\d{5}\.f32$/),
  split: z.enum(['train', 'validation']),
  segments: count(0),
  /** Of the file; empty where there is none. */
  sha256: z.string(),
  /** In the order of their segments. */
  files: z.array(preparedFile),
  bad: z.array(badFile),
});

/** @internal */
export const preparationSchema = z.strictObject({
  format: z.literal('fewsound-corpus'),
  version: z.literal(1),
  settings,
  source,
});

const manifestSchema = preparationSchema.extend({ shards: z.array(shardSchema) });

export type PreparationSettings = z.output<typeof settings>;
export type Preparation = z.output<typeof preparationSchema>;
export type PreparedFile = z.output<typeof preparedFile>;
export type BadFileEntry = z.output<typeof badFile>;
export type ShardRecord = z.output<typeof shardSchema>;
export type Manifest = z.output<typeof manifestSchema>;
/** The part of a corpus that a recording belongs to. */
export type Split = 'train' | 'validation';

/** The file that makes a folder a prepared corpus. */
export const MANIFEST = 'manifest.json';

/**
 * @internal
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT naming what is wrong
 */
export async function readManifest(path: string): Promise<Manifest> {
  const manifest = await readJson(path, manifestSchema);
  for (const { file, segments, files } of manifest.shards) {
    const listed = files.reduce((sum, { starts }) => sum + starts.length, 0);
    if (listed !== segments) {
      throw damaged(path, `${file} has ${segments} segments, but its files list ${listed}`);
    }
  }
  return manifest;
}

/**
 * Reads one of our JSON files.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT naming what is wrong
 */
export async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw code === 'ENOENT' || code === 'ENOTDIR'
      ? new FewSoundError('FILE_NOT_FOUND', `${path}: there is no such file.`, { cause })
      : new FewSoundError('IO', `${path}: the file cannot be read (${message}).`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, (cause as Error).message);
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const issue = error.issues[0] as z.core.$ZodIssue;
  throw damaged(path, `${issue.path.join('.') || 'the whole'}: ${issue.message}`);
}

function damaged(path: string, problem: string): FewSoundError {
  return new FewSoundError(
    'FILE_FORMAT',
    `${path}: not a sound file of a prepared corpus (${problem}). Remove its folder and prepare the corpus again.`,
  );
}

function count(least: number) {
  return z.number().int().min(least);
}
