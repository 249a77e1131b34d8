import { channel, flag, grouped, integerFrom, positive, sampleCount } from './parsers.js';

/** Samples of the paper's standard clip. */
export const STANDARD_SAMPLES = 32_768;

const HEADING = 'Recording options:';

/** Which part of a recording a network learns, and at what rate. */
export const recordingFlags = grouped(HEADING, {
  samples: flag('--samples <count>', 'how many samples to learn', integerFrom(0), STANDARD_SAMPLES),
  sampleRate: flag(
    '--sample-rate <hertz>',
    "resample to this rate; default: the file's own (the paper uses 22050)",
    integerFrom(1),
  ),
  offset: flag(
    '--offset <seconds>',
    'where in the recording to begin',
    positive({ orZero: true }),
    0,
  ),
  channel: flag(
    '--channel <number>',
    'a channel from 0; mix: all of them mixed down',
    channel,
    'mix',
  ),
});

/** The same where all of a recording can be learned. */
export const wholeRecordingFlags = {
  ...recordingFlags,
  ...grouped(HEADING, {
    samples: flag(
      '--samples <count>',
      'how many samples to learn; all: the whole recording, piece by piece',
      sampleCount,
      STANDARD_SAMPLES,
    ),
  }),
};
