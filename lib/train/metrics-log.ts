import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import { AppendFile, writeFileAtomic } from '../files.js';
import { type Metrics, metricNames } from '../metrics/index.js';
import { parseOptions } from '../options.js';
import type { TrainingWarning } from './fit-options.js';

// What a line of metrics.jsonl holds. JSON knows no NaN and no infinity: both are null there.

/** One update of the weights. */
export interface StepRecord {
  readonly kind: 'step';
  /** Updates done, from 1. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Of the batch, before the update; null where it was not finite. */
  readonly loss: number | null;
  readonly learningRate: number;
  /** The optimizer's, where a schedule changes it. */
  readonly beta1?: number;
  /** Euclidean norm of all gradients together, before clipping; null where it was not finite. */
  readonly gradNorm: number | null;
  /** Recordings learned from in a second. */
  readonly samplesPerSecond: number;
  /** Wall-clock time since the training began, interruptions left out. */
  readonly seconds: number;
}

/**
 * One pass over the validation part: its mean loss, and means of metrics by their names in
 * `evaluate`; null where one is undefined or was not finite.
 */
export type ValidationRecord = {
  readonly kind: 'validation';
  /** Updates done before it. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  /** Wall-clock time since the training began, interruptions left out. */
  readonly seconds: number;
  /** Of a classifier: part of the recordings that it took for what they are. */
  readonly accuracy?: number | null;
} & Readonly<Partial<Metrics>>;

/** What the training noticed, and went on in spite of. */
export interface WarningRecord {
  readonly kind: 'warning';
  /** Updates done before it. */
  readonly step: number;
  readonly epoch: number;
  readonly code: TrainingWarning['code'];
  /** What was seen, and what to do about it. */
  readonly message: string;
  /** Wall-clock time since the training began, interruptions left out. */
  readonly seconds: number;
}

/** A line of metrics.jsonl. */
export type MetricsRecord = StepRecord | ValidationRecord | WarningRecord;

const count = z.number().int().nonnegative();
const number = z.number().nullable();

// Fields that a later fewsound has added are kept.
const step = z.looseObject({
  kind: z.literal('step'),
  step: count,
  epoch: count,
  loss: number,
  learningRate: z.number(),
  beta1: z.number().optional(),
  gradNorm: number,
  samplesPerSecond: z.number(),
  seconds: z.number(),
});

const validation = z.looseObject({
  kind: z.literal('validation'),
  step: count,
  epoch: count,
  loss: number,
  seconds: z.number(),
  accuracy: number.optional(),
  ...Object.fromEntries(metricNames.map((name) => [name, number.optional()])),
});

const warning = z.looseObject({
  kind: z.literal('warning'),
  step: count,
  epoch: count,
  code: z.string(),
  message: z.string(),
  seconds: z.number(),
});

const metricsRecordSchema = z.discriminatedUnion('kind', [step, validation, warning]);

const NEWLINE = 0x0a;

/**
 * The log of a training, one JSON object a line, written as it happens (metrics.jsonl). A process
 * that is killed leaves at most its last line torn, and `resume` mends that.
 *
 * For the log of a resumed training to be that of an uninterrupted one, write the records of a
 * step, its validation too, and `flush` before the checkpoint of that step.
 */
export class MetricsLog {
  private constructor(private readonly file: AppendFile) {}

  /**
   * Begins a log.
   *
   * @throws FewSoundError IO, also where there is a file already
   */
  static async create(path: string): Promise<MetricsLog> {
    return new MetricsLog(await AppendFile.open(path, 'new'));
  }

  /**
   * Goes on with the log of an interrupted training. A torn last line and all records of steps
   * after `step` are dropped: the training will write them again.
   *
   * @param step updates that the checkpoint has
   * @param validationDue whether the validation after that step will be made again too
   * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line that is no record; IO
   */
  static async resume(
    path: string,
    step: number,
    { validationDue = false }: { validationDue?: boolean } = {},
  ): Promise<MetricsLog> {
    const bytes = await readLog(path);
    const repeated = (record: MetricsRecord) =>
      record.step > step || (validationDue && record.step === step && record.kind !== 'step');
    const kept = Buffer.concat([...pieces(bytes, keptRanges(path, bytes, repeated))]);
    if (!kept.equals(bytes)) await writeFileAtomic(path, kept);
    return new MetricsLog(await AppendFile.open(path, 'existing'));
  }

  /**
   * Appends a record after those before it, waited for or not. NaN and infinities become null.
   *
   * @throws FewSoundError IO, as for a full disk; the log then ends with the record before
   */
  append(record: MetricsRecord): Promise<void> {
    return this.file.append(`${JSON.stringify(record)}\n`);
  }

  /**
   * Waits until all records are on the disk.
   *
   * @throws FewSoundError IO
   */
  flush(): Promise<void> {
    return this.file.flush();
  }

  /** Waits for the records given and closes the file. */
  close(): Promise<void> {
    return this.file.close();
  }
}

/**
 * Reads the log of a training, of one that is still running too: a torn last line is left out.
 *
 * @returns the records in the order in which they were written
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line that is no record; IO
 */
export async function readMetricsLog(path: string): Promise<MetricsRecord[]> {
  return [...records(path, await readLog(path))].map(({ record }) => record);
}

async function readLog(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new FewSoundError(
      missing ? 'FILE_NOT_FOUND' : 'IO',
      missing
        ? `${path} does not exist; is it the log of a training? An empty file begins a new one.`
        : `${path} cannot be read (${(cause as Error).message}).`,
      { cause },
    );
  }
}

/** Bytes of a log, [from, to). */
interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** The records of a log and where their lines lie, line ends included. */
function* records(
  path: string,
  bytes: Buffer,
): Generator<{ readonly record: MetricsRecord } & ByteRange> {
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, from);
    const to = newline === -1 ? bytes.length : newline + 1;
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8', from, to));
    } catch (cause) {
      // Lines are written from left to right: what is torn has no end.
      if (newline === -1) return;
      throw new FewSoundError(
        'FILE_FORMAT',
        `${path}, line ${line} is not JSON (${(cause as Error).message}). Remove the line, or give the log of a training.`,
        { cause },
      );
    }
    yield { record: recordOf(value, path, line), from, to };
    from = to;
  }
}

function recordOf(value: unknown, path: string, line: number): MetricsRecord {
  try {
    return parseOptions(metricsRecordSchema, value, `${path}, line ${line}`) as MetricsRecord;
  } catch (cause) {
    throw new FewSoundError('FILE_FORMAT', (cause as Error).message, { cause });
  }
}

/** Where the lines of records up to a step lie, neighbors joined. */
function keptRanges(
  path: string,
  bytes: Buffer,
  repeated: (record: MetricsRecord) => boolean,
): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (const { record, from, to } of records(path, bytes)) {
    if (repeated(record)) continue;
    const last = ranges.at(-1);
    if (last?.to === from) ranges[ranges.length - 1] = { from: last.from, to };
    else ranges.push({ from, to });
  }
  return ranges;
}

function* pieces(bytes: Buffer, ranges: readonly ByteRange[]): Generator<Uint8Array> {
  for (const { from, to } of ranges) {
    yield bytes.subarray(from, to);
    // The last line of a killed process may be whole but for its end.
    if (bytes[to - 1] !== NEWLINE) yield Uint8Array.of(NEWLINE);
  }
}
