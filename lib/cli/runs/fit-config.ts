import { z } from 'zod';
import { parseOptions } from '../../options.js';
import { KINDS } from '../flags/networks.js';
import type { DeviceName } from '../flags/parsers.js';
import { DTYPES, SCHEDULES } from '../flags/training.js';
import { readJsonFile } from './folder.js';

const number = z.number();

/** Everything that a run was asked to do, as config.json holds it: enough to do it again. */
export const RUN_CONFIG = z.strictObject({
  fewsound: z.string(),
  date: z.string(),
  /** Absolute path of the recording. */
  audio: z.string(),
  recording: z.strictObject({
    samples: z.union([number.int(), z.literal('all')]),
    sampleRate: number.optional(),
    offset: number,
    channel: z.union([number.int(), z.literal('mix')]),
  }),
  model: z.enum(KINDS),
  /** Every option of the network, defaults included. */
  modelOptions: z.record(z.string(), z.unknown()),
  training: z.strictObject({
    steps: number.int(),
    learningRate: number.optional(),
    weightDecay: number,
    schedule: z.enum(SCHEDULES),
    loss: z.strictObject({ time: number, mel: number, bandPower: number }),
    earlyStop: z
      .strictObject({
        siSnr: number.optional(),
        loss: number.optional(),
        patience: number.int().optional(),
        minDelta: number.optional(),
      })
      .optional(),
    seed: number.int(),
    device: z.custom<DeviceName>((value) => typeof value === 'string'),
    dtype: z.enum(DTYPES),
    threads: number.int().optional(),
  }),
  /** Every option of the training, defaults included: for the reader, `training` decides. */
  fitOptions: z.record(z.string(), z.unknown()),
});

export type RunConfig = z.output<typeof RUN_CONFIG>;

/** JSON for files that people read. */
export const prettyJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

/**
 * Reads the settings of a run.
 *
 * @throws FewSoundError `FILE_NOT_FOUND`, `FILE_FORMAT` or `INVALID_ARGUMENT`
 */
export async function readRunConfig(path: string): Promise<RunConfig> {
  return parseOptions(RUN_CONFIG, await readJsonFile(path, 'Is this the folder of a fit?'), path);
}
