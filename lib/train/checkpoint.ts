import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clip } from '../audio/index.js';
import { FewSoundError } from '../errors.js';
import type { Inr } from '../nn/index.js';
import {
  fileFormat,
  fileMetadata,
  fileTensors,
  jsonMetadata,
  type ModelDescription,
  readFewsoundFile,
  takeTensors,
} from '../nn/model-file.js';
import { type SafetensorsFile, scope, writeSafetensors } from '../tensor/index.js';
import type { ResolvedFit } from './fit-options.js';
import { optimizerOf } from './optimizer.js';
import { withDefaults } from './schedule.js';
import type { TrainingState } from './trainer.js';

// A checkpoint holds the network's tensors as `network.<name>`, what the loop remembers (moments,
// losses, counters) as `training.<name>`, and in the metadata the architecture, the options that
// decide the course of the training, and a fingerprint of the recording.

/** Why a fit ended: `asked` by the signal `stop`. */
export type FitEnd = 'steps' | 'siSnr' | 'loss' | 'patience' | 'asked';

const networkPrefix = 'network.';
const trainingPrefix = 'training.';

/** The options that decide the course of a training; a resumed one must have the same. */
function courseOf(options: ResolvedFit): Record<string, unknown> {
  const { schedule, loss, steps, share, shareUntil } = options;
  // What depends on no part of the steps does not know how long the training is: it may go on.
  const endless = schedule.kind === 'constant' && share === 1 && loss.course.length === 0;
  const length = endless ? {} : { steps };
  const samples = share === 1 ? {} : { share, shareUntil };
  return { ...optimizerOf(options), schedule, loss, ...samples, ...length };
}

function fingerprint({ samples, sampleRate, length }: Clip): Record<string, unknown> {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return { sampleRate, samples: length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** How far a fit has come, beside what its tensors say. */
export interface Reached {
  readonly stoppedBy: FitEnd;
  /** Wall-clock time of its steps, in all calls. */
  readonly seconds: number;
}

/** Writes a checkpoint, atomically. The network and the state are read before the first wait. */
export async function writeCheckpoint(
  path: string,
  network: Inr,
  clip: Clip,
  options: ResolvedFit,
  state: TrainingState,
  { stoppedBy, seconds }: Reached,
): Promise<void> {
  await scope(() =>
    writeSafetensors(
      path,
      new Map([
        ...fileTensors(network, networkPrefix),
        ...[...state].map(([name, tensor]) => [trainingPrefix + name, tensor] as const),
      ]),
      {
        ...fileMetadata('checkpoint', network.describe(), fingerprint(clip)),
        training: JSON.stringify(courseOf(options)),
        seconds: String(seconds),
        ...(stoppedBy !== 'steps' && {
          stopped: JSON.stringify({ by: stoppedBy, earlyStop: options.earlyStop }),
        }),
      },
    ),
  );
}

/** A checkpoint that fits the network, the clip and the options at hand. */
export interface Checkpoint {
  /** The early stop that has ended the training; absent where there are steps left to take. */
  readonly stopped: FitEnd | undefined;
  /** Of its steps; 0 where the file does not say. */
  readonly seconds: number;
  readonly state: TrainingState;
  /** Gives the network the checkpoint's weights. */
  restore(): void;
}

/**
 * Reads a checkpoint and makes sure that it is one of this very training. Changes nothing; its
 * tensors belong to the scope around.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO, FILE_FORMAT; INVALID_ARGUMENT naming what is not the
 *   same
 */
export async function readCheckpoint(
  path: string,
  network: Inr,
  clip: Clip,
  options: ResolvedFit,
): Promise<Checkpoint> {
  const file = await readFewsoundFile(path);
  if (file.content !== 'checkpoint') {
    throw fileFormat(
      path,
      'it holds a finished network, not a checkpoint; load it and fit it anew',
    );
  }
  const differs = (what: string, saved: unknown, given: unknown) =>
    new FewSoundError(
      'INVALID_ARGUMENT',
      `resume: ${path} is from another training: ${what} was ${JSON.stringify(saved)} and is ` +
        `${JSON.stringify(given)} here. Give the same, or fit anew.`,
      { field: 'resume' },
    );
  const saved = jsonMetadata(path, file, 'model') as ModelDescription;
  requireSame(architecture(saved), architecture(network.describe()), "the network's", differs);
  requireSame(jsonMetadata(path, file, 'clip'), fingerprint(clip), "the recording's", differs);
  const course = jsonMetadata(path, file, 'training') as Record<string, unknown> | null;
  requireSame(withDefaults(course ?? {}), courseOf(options), 'the option', differs);
  const state = new Map(
    [...file.tensors].flatMap(([name, tensor]) =>
      name.startsWith(trainingPrefix) ? [[name.slice(trainingPrefix.length), tensor] as const] : [],
    ),
  );
  const stopped = stoppedBefore(path, file, options);
  const seconds = Number(file.metadata.seconds ?? 0);
  return {
    ...{ state, stopped, seconds },
    restore: () => takeTensors(path, network, file.tensors, networkPrefix),
  };
}

/** The early stop of a checkpoint, as long as the conditions to stop are the same. */
function stoppedBefore(
  path: string,
  file: SafetensorsFile,
  { earlyStop }: ResolvedFit,
): FitEnd | undefined {
  if (file.metadata.stopped === undefined) return undefined;
  const stopped = jsonMetadata(path, file, 'stopped') as Partial<Record<string, unknown>> | null;
  const given = JSON.parse(JSON.stringify(earlyStop ?? null)) as unknown;
  if (!isDeepStrictEqual(stopped?.earlyStop, given)) return undefined;
  return (['siSnr', 'loss', 'patience'] as const).find((end) => end === stopped?.by);
}

/** What must agree. The seed of weights that are to be replaced does not matter. */
function architecture(model: ModelDescription | null): Record<string, unknown> {
  const { seed: _, ...options } = model?.options ?? {};
  return { kind: model?.kind, ...options };
}

function requireSame(
  saved: unknown,
  given: Record<string, unknown>,
  what: string,
  differs: (what: string, saved: unknown, given: unknown) => FewSoundError,
): void {
  const same = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
  const found = (saved ?? {}) as Record<string, unknown>;
  for (const name of new Set([...Object.keys(same), ...Object.keys(found)])) {
    if (isDeepStrictEqual(found[name], same[name])) continue;
    throw differs(`${what} ${name}`, found[name], same[name]);
  }
}
