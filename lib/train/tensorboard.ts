import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { encodeWav } from '../audio/write-wav.js';
import { FewSoundError } from '../errors.js';
import { AppendFile, makeFolder } from '../files.js';
import { parseOptions } from '../options.js';

/** Remainders of each byte, Castagnoli's polynomial with its bits reversed. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  }
  return remainder;
});

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4). Node's own `zlib.crc32` has another polynomial. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffff_ffff;
  for (const byte of bytes) {
    remainder = (TABLE[(remainder ^ byte) & 0xff] as number) ^ (remainder >>> 8);
  }
  return ~remainder >>> 0;
}

/**
 * The checksum as records store it: rotated and shifted, so that a checksum of data that itself
 * holds checksums stays a good one.
 */
function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}

// What the messages of an event file need of the protocol buffer wire format. A message is a list
// of fields; fields that are absent are left out.

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** An encoded message, or some fields of one. */
export type Encoded = Uint8Array;

/** One message of the fields given. */
function message(...fields: readonly (Encoded | undefined)[]): Encoded {
  return Buffer.concat(fields.filter((field) => field !== undefined));
}

/** An int64 or an enum, 0 or more. */
function integer(field: number, value: number): Encoded {
  return message(tag(field, VARINT), varint(value));
}

function double(field: number, value: number): Encoded {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return message(tag(field, FIXED_64), bytes);
}

function float(field: number, value: number): Encoded {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return message(tag(field, FIXED_32), bytes);
}

/** A string, bytes, or a message inside another. */
function bytes(field: number, value: string | Uint8Array): Encoded {
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  return message(tag(field, LENGTH_DELIMITED), varint(content.length), content);
}

function tag(field: number, wireType: number): Encoded {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Encoded {
  const groups: number[] = [];
  // Not by shifts: steps and lengths may have more than 32 bits.
  let rest = value;
  while (rest >= 128) {
    groups.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...groups, rest]);
}

// Messages of TensorFlow's event.proto, summary.proto, tensor.proto and tensor_shape.proto, as far
// as an event file of scalars, sounds and texts needs them. Field numbers are theirs.

/** Where and when an event happened. */
export interface EventTime {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

const FILE_VERSION = 'brain.Event:2';
const SESSION_START = 1;
const STRING_TENSOR = 7;
const WAV_ENCODING = 11;

/** The first event of every file. */
export function fileVersionEvent(wallTime: number): Encoded {
  return message(double(1, wallTime), bytes(3, FILE_VERSION));
}

/** The training begins, or goes on: events of earlier files from this step on count no more. */
export function sessionStartEvent(time: EventTime): Encoded {
  return event(time, bytes(7, integer(1, SESSION_START)));
}

/** What an event shows, one value a tag. */
export function summaryEvent(time: EventTime, values: readonly Encoded[]): Encoded {
  return event(time, bytes(5, message(...values.map((value) => bytes(1, value)))));
}

function event({ step, wallTime }: EventTime, what: Encoded): Encoded {
  // The format leaves out what is 0.
  return message(double(1, wallTime), step > 0 ? integer(2, step) : undefined, what);
}

export function scalarValue(tag: string, value: number): Encoded {
  return message(bytes(1, tag), float(2, value));
}

/**
 * A sound as a WAV file. As a tensor, the way TensorFlow 2 writes it: of the older `Summary.Audio`
 * TensorBoard's fast loader forgets that it is WAV.
 */
export function audioValue(tag: string, wav: Uint8Array): Encoded {
  const label = '';
  const metadata = pluginMetadata('audio', integer(2, WAV_ENCODING));
  return message(bytes(1, tag), strings([1, 2], [wav, label]), metadata); // [sounds, (file, label)]
}

/** A text in Markdown. */
export function textValue(tag: string, text: string): Encoded {
  return message(bytes(1, tag), strings([1], [text]), pluginMetadata('text'));
}

/** A tensor of strings. */
function strings(shape: readonly number[], values: readonly (string | Uint8Array)[]): Encoded {
  const sizes = message(...shape.map((size) => bytes(2, integer(1, size))));
  const content = values.map((value) => bytes(8, value));
  return bytes(8, message(integer(1, STRING_TENSOR), bytes(2, sizes), ...content));
}

/** Which part of TensorBoard shows a value, and what it needs to know to do so. */
function pluginMetadata(plugin: string, content?: Encoded): Encoded {
  return bytes(9, bytes(1, message(bytes(1, plugin), content && bytes(2, content))));
}

/**
 * A record of a TFRecord file: length (uint64), checksum of the length, data, checksum of the data.
 */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** Options of `TensorBoardWriter.open`. */
export interface TensorBoardOptions {
  /**
   * Updates that the checkpoint has from which a training goes on: what earlier files hold of later
   * steps is not shown any more. Absent for a training from its beginning.
   */
  resumedAt?: number;
}

/** A sound to listen to. */
export interface LoggedSound {
  /** [samples], in [-1, 1]. */
  readonly samples: Float32Array;
  /** Hz. */
  readonly sampleRate: number;
}

const step = z.number().int().min(0, { error: 'Expected a whole number of 0 or more' });
const optionsSchema = z.strictObject({ resumedAt: step.optional() });

/**
 * Writes an event file that TensorBoard shows while a training runs
 * (`tensorboard --logdir FOLDER`). Each opening begins a file of its own. A process that is killed
 * leaves at most the last event torn; TensorBoard reads those before it.
 */
export class TensorBoardWriter {
  private constructor(private readonly file: AppendFile) {}

  /** The event file. */
  get path(): string {
    return this.file.path;
  }

  /**
   * Begins an event file in a folder, which is made where it is missing.
   *
   * @throws FewSoundError INVALID_ARGUMENT, IO
   */
  static async open(folder: string, options: TensorBoardOptions = {}): Promise<TensorBoardWriter> {
    const { resumedAt } = parseOptions(optionsSchema, options, 'TensorBoard options');
    const wallTime = now();
    const file = await AppendFile.open(await newPath(folder, wallTime), 'new');
    const writer = new TensorBoardWriter(file);
    await writer.#append(fileVersionEvent(wallTime));
    // TensorBoard takes the first start of a folder as the beginning, and only those after it for
    // restarts: the beginning needs one too.
    const step = resumedAt === undefined ? 0 : resumedAt + 1;
    await writer.#append(sessionStartEvent({ step, wallTime }));
    return writer;
  }

  /**
   * Numbers at a step, by their tags, for example `train/loss`; null leaves a gap in the curve.
   * They are kept in float32.
   *
   * @throws FewSoundError INVALID_ARGUMENT, IO
   */
  scalars(
    step: number,
    values: Readonly<Record<string, number | null | undefined>>,
  ): Promise<void> {
    return this.#summary(
      step,
      Object.entries(values).flatMap(([tag, value]) =>
        value === null || value === undefined ? [] : [scalarValue(tag, value)],
      ),
    );
  }

  /**
   * A sound at a step, as 16-bit WAV.
   *
   * @throws FewSoundError AUDIO_EMPTY, INVALID_ARGUMENT, IO
   */
  async audio(step: number, tag: string, { samples, sampleRate }: LoggedSound): Promise<void> {
    const wav = encodeWav({ samples, sampleRate }, { bitDepth: 16 });
    await this.#summary(step, [audioValue(tag, wav)]);
  }

  /**
   * A text in Markdown at a step, for example the configuration.
   *
   * @throws FewSoundError INVALID_ARGUMENT, IO
   */
  text(step: number, tag: string, markdown: string): Promise<void> {
    return this.#summary(step, [textValue(tag, markdown)]);
  }

  /**
   * Waits until all events are on the disk.
   *
   * @throws FewSoundError IO
   */
  flush(): Promise<void> {
    return this.file.flush();
  }

  /** Waits for the events given and closes the file. */
  close(): Promise<void> {
    return this.file.close();
  }

  async #summary(at: number, values: readonly Encoded[]): Promise<void> {
    const checked = parseOptions(z.object({ step }), { step: at }, 'TensorBoard event');
    if (values.length > 0) {
      await this.#append(summaryEvent({ step: checked.step, wallTime: now() }, values));
    }
  }

  #append(event: Encoded): Promise<void> {
    return this.file.append(frameRecord(event));
  }
}

/** Seconds since 1970. */
const now = () => Date.now() / 1000;

const NAME = /^events\.out\.tfevents\.(\d+)\./;

/**
 * A name that sorts after those there, whatever the clock says: TensorBoard reads the files in that
 * order.
 */
async function newPath(folder: string, wallTime: number): Promise<string> {
  await makeFolder(folder);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new FewSoundError(
      'IO',
      `${folder}: no event file can be written there (${(cause as Error).message}).`,
      { cause },
    );
  }
  const earlier = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  const timestamp = Math.max(Math.floor(wallTime), ...earlier.map((time) => time + 1));
  const host = hostname().replace(/[^\w.-]/g, '_') || 'localhost';
  return join(folder, `events.out.tfevents.${String(timestamp).padStart(10, '0')}.${host}`);
}
