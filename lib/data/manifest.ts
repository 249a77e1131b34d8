import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import { readJson } from '../files.js';
import { corpusKind } from './corpora/index.js';

/** The settings of a preparation; other settings make another corpus. */
const settings = z.strictObject({
  corpus: corpusKind,
  sampleRate: count(1),
  skipSeconds: z.number().nonnegative(),
  segmentSamples: count(1),
  short: z.enum(['drop', 'pad']),
  /** Null where the corpus has a split of its own. */
  validationFraction: z.number().nullable(),
});

/** Where the recordings came from. */
const source = z.strictObject({
  /** Where they were when the preparation started; only a note, the corpus may move. */
  folder: z.string(),
  files: count(0),
  /** SHA-256 over the names, the sizes and the split. */
  digest: z.string(),
});

/** A recording that gave segments. */
const preparedFile = z.strictObject({
  name: z.string(),
  group: z.string(),
  /** Where each segment starts, in samples at the prepared rate from the start of the recording. */
  starts: z.array(count(0)).min(1),
  /** Samples of its only segment before the padding; absent where nothing is padded. */
  padded: count(1).optional(),
});

const problems = ['unreadable', 'damaged', 'empty', 'short', 'silent'] as const;

/**
 * Why a recording gave no segment. unreadable: the system refuses; damaged: no audio, or
 * incomplete; empty: no samples; short: too few of them for a segment; silent: nothing above half a
 * step of 16 bits.
 */
export type BadFileProblem = (typeof problems)[number];

const badFile = z.strictObject({
  name: z.string(),
  group: z.string(),
  problem: z.enum(problems),
  message: z.string(),
});

export const shardSchema = z.strictObject({
  /** Its file, segment after segment in little-endian float32; none where there are no segments. */
  file: z.string().regex(/^(train|validation)-\d{5}\.f32$/),
  split: z.enum(['train', 'validation']),
  segments: count(0),
  /** Of the file; empty where there is none. */
  sha256: z.string(),
  /** In the order of their segments. */
  files: z.array(preparedFile),
  bad: z.array(badFile),
});

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

/** @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT naming what is wrong */
export async function readManifest(path: string): Promise<Manifest> {
  const manifest = await readChecked(path, manifestSchema);
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
export async function readChecked<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const value = await readJson(path, { damaged: PREPARE_AGAIN });
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const issue = error.issues[0] as z.core.$ZodIssue;
  throw damaged(path, `${issue.path.join('.') || 'its content'}: ${issue.message}`);
}

const PREPARE_AGAIN = 'Remove its folder and prepare the corpus again.';

function damaged(path: string, problem: string): FewSoundError {
  return new FewSoundError(
    'FILE_FORMAT',
    `${path}: the file is damaged (${problem}). ${PREPARE_AGAIN}`,
  );
}

function count(least: number) {
  return z.number().int().min(least);
}
