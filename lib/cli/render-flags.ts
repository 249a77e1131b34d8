import { type Command, Option } from 'commander';
import { integerFrom, positive } from './option-parsing.js';

/** Which sound is made of a saved network. */
export interface RenderSettings {
  /** Hz; absent: the rate at which the network learned. */
  readonly sampleRate?: number;
  /** Seconds. */
  readonly from?: number;
  readonly to?: number;
  readonly bitDepth: 16 | 24 | 32;
}

/** Adds the options that choose the sound. */
export function addRenderFlags(command: Command): Command {
  return command
    .option(
      '--sample-rate <hertz>',
      'rate of the file; default: that of the recording it learned',
      integerFrom(1),
    )
    .option(
      '--from <seconds>',
      'where to begin; default: the beginning',
      positive({ orZero: true }),
    )
    .option('--to <seconds>', 'where to end; default: the end of the recording', positive())
    .addOption(
      new Option('--bit-depth <bits>', '16 or 24 bits, or 32 for float')
        .choices(['16', '24', '32'])
        .default('16'),
    );
}

/** The values of `addRenderFlags`. */
export function renderSettings(command: Command): RenderSettings {
  const { sampleRate, from, to, bitDepth } = command.opts<
    Omit<RenderSettings, 'bitDepth'> & { bitDepth: string }
  >();
  return {
    ...(sampleRate !== undefined && { sampleRate }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    bitDepth: Number(bitDepth) as RenderSettings['bitDepth'],
  };
}
