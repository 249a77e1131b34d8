import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import {
  type FileContent,
  fileFormat,
  fileMetadata,
  jsonMetadata,
  readFewsoundFile,
  type StoredModel,
  takeTensors,
} from '../nn/model-file.js';
import { scope, type Tensor, writeSafetensors } from '../tensor/index.js';
import { courseVersion, withDefaults, withPeakRate } from './schedule.js';
import type { Trainer } from './trainer.js';

// A checkpoint of a training holds the model's tensors as `model.<name>`, AdamW's moments as
// `optimizer.first.<name>` and `optimizer.second.<name>`, and in the metadata the architecture
// ("model"), what decides the course of the training ("course"), and where it is ("position").
// Everything random follows from the seed and the position. Until version 2 of the course its
// learningRate was the first rate of one cycle.

const modelPrefix = 'model.';
const optimizerPrefix = 'optimizer.';

const positionSchema = z.strictObject({
  /** Updates done. */
  step: z.number().int().nonnegative(),
  /** Seconds of training so far, interruptions left out. */
  seconds: z.number().nonnegative(),
  /**
   * The best validation so far: its loss, of a classifier its accuracy too, and after which update
   * it was.
   */
  best: z
    .strictObject({ step: z.number().int(), loss: z.number(), accuracy: z.number().optional() })
    .nullable(),
  /**
   * Whether the validation after that update is still to be made: the training was stopped in it.
   */
  validationDue: z.boolean().default(false),
});

/** Where a training is. */
export type TrainingPosition = z.output<typeof positionSchema>;

/** What a checkpoint keeps of a model. */
export interface CheckpointedModel {
  /** What the file says that it holds. */
  readonly content: FileContent;
  readonly model: StoredModel;
  /** The architecture. */
  readonly describe: () => object;
  /** All that decides what it computes, by name. */
  readonly tensors: () => ReadonlyMap<string, Tensor>;
}

/** The name of a tensor of a trainer's state in a file: first.<parameter>, second.<parameter>. */
const storedName = (name: string) =>
  optimizerPrefix + name.replace(/^(first|second)Moment\./, '$1.');

/** Writes a checkpoint, atomically: a failure leaves the one before. */
export async function writeTrainingCheckpoint(
  path: string,
  { content, describe, tensors }: CheckpointedModel,
  trainer: Trainer,
  course: object,
  position: TrainingPosition,
): Promise<void> {
  await scope(() =>
    writeSafetensors(
      path,
      new Map<string, Tensor>([
        ...[...tensors()].map(([name, tensor]) => [modelPrefix + name, tensor] as const),
        ...[...trainer.state].map(([name, tensor]) => [storedName(name), tensor] as const),
      ]),
      {
        ...fileMetadata(content, describe(), undefined),
        course: JSON.stringify(course),
        position: JSON.stringify(position),
      },
    ),
  );
}

/**
 * Reads a checkpoint into a model and its trainer. All is checked before anything is changed.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT; INVALID_ARGUMENT for a checkpoint of
 *   another architecture, corpus or course, naming what differs
 */
export async function readTrainingCheckpoint(
  path: string,
  { content, model }: CheckpointedModel,
  trainer: Trainer,
  course: object,
): Promise<TrainingPosition> {
  return scope(async () => {
    const file = await readFewsoundFile(path);
    if (file.content !== content) {
      throw fileFormat(path, `it holds a ${file.content}, no checkpoint of such a training`);
    }
    requireSameCourse(path, storedCourse(jsonMetadata(path, file, 'course')), course);
    const parsed = positionSchema.safeParse(jsonMetadata(path, file, 'position'));
    if (!parsed.success) throw fileFormat(path, 'its metadata "position" are of no use');

    const moments = new Map<string, Tensor>();
    for (const [name, { shape, dtype }] of trainer.state) {
      const stored = file.tensors.get(storedName(name));
      if (String(stored?.shape) !== String(shape) || stored?.dtype !== dtype) {
        throw fileFormat(path, `its tensor "${storedName(name)}" is missing or of another shape`);
      }
      moments.set(name, stored as Tensor);
    }
    takeTensors(path, model, file.tensors, modelPrefix);
    trainer.restore(moments, parsed.data.step);
    return parsed.data;
  });
}

/** The course in a file as this version writes it. */
function storedCourse(stored: unknown): Record<string, unknown> {
  const found = (stored ?? {}) as Record<string, unknown>;
  return withDefaults(
    found.version === undefined ? { ...withPeakRate(found), version: courseVersion } : found,
  );
}

function requireSameCourse(path: string, found: Record<string, unknown>, given: object): void {
  // As JSON has it: what is undefined is not there.
  const wanted = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(wanted)) {
    // What an older fewsound did not know of, it did without.
    if (isDeepStrictEqual(found[name] ?? null, value)) continue;
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `resume: ${path} is of another training: its ${name} is ${JSON.stringify(found[name])}, not ${JSON.stringify(value)}. Give what it was begun with, or begin in another folder.`,
      { field: name },
    );
  }
}
