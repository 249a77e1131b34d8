import { mkdir, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { encodeWav } from '../../audio/write-wav.js';
import { AppendFile } from '../../native/append-file.js';
import { FewSoundError } from '../../native/errors.js';
import { parseOptions } from '../../native/options.js';
import {
  audioValue,
  fileVersionEvent,
  scalarValue,
  sessionStartEvent,
  summaryEvent,
  textValue,
} from './event.js';
import type { Encoded } from './protobuf.js';
import { frameRecord } from './record.js';

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
 * Writes an event file that TensorBoard shows while a training runs (`tensorboard --logdir FOLDER`).
 * Each opening begins a file of its own. A process that is killed leaves at most the last event torn;
 * TensorBoard reads those before it.
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
   * Numbers at a step, by their tags, for example `train/loss`; null leaves a gap in the curve. They
   * are kept in float32.
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

/** A name that sorts after those there, whatever the clock says: TensorBoard reads the files in that order. */
async function newPath(folder: string, wallTime: number): Promise<string> {
  let names: string[];
  try {
    await mkdir(folder, { recursive: true });
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
