import type { Command } from 'commander';
import { channel, integerFrom, positive, sampleCount } from './parsers.js';

/** Samples of the paper's standard clip. */
export const STANDARD_SAMPLES = 32_768;

/** Which part of a recording a network learns, and at what rate. */
export interface RecordingSettings {
  readonly samples: number | 'all';
  /** Hz; absent: the file's own. */
  readonly sampleRate?: number;
  /** Seconds. */
  readonly offset: number;
  readonly channel: number | 'mix';
}

/** Adds the options that choose a part of a recording. */
export function addRecordingFlags(command: Command, lengths: { all: boolean }): Command {
  const group = 'Recording options:';
  return command
    .optionsGroup(group)
    .option(
      '--samples <count>',
      lengths.all
        ? 'how many samples to learn; all: the whole recording, piece by piece'
        : 'how many samples to learn',
      lengths.all ? sampleCount : integerFrom(0),
      STANDARD_SAMPLES,
    )
    .option(
      '--sample-rate <hertz>',
      "resample to this rate; default: the file's own (the paper uses 22050)",
      integerFrom(1),
    )
    .option('--offset <seconds>', 'where in the recording to begin', positive({ orZero: true }), 0)
    .option('--channel <number>', 'a channel from 0; mix: all of them mixed down', channel, 'mix');
}

/** The values of `addRecordingFlags`. */
export function recordingSettings(command: Command): RecordingSettings {
  const { samples, sampleRate, offset, channel } = command.opts<RecordingSettings>();
  return { samples, offset, channel, ...(sampleRate !== undefined && { sampleRate }) };
}
