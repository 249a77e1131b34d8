import { type Command, Option } from 'commander';
import type { Execute } from './command-context.js';
import { integerFrom, positive } from './option-parsing.js';

/** Sound out of a saved network. */
export interface RenderRequest {
  readonly model: string;
  readonly out: string;
  /** Hz; absent: the rate at which the network learned. */
  readonly sampleRate?: number;
  /** Seconds. */
  readonly from?: number;
  readonly to?: number;
  readonly bitDepth: 16 | 24 | 32;
}

/** `fewsound render`: declares it; the work is loaded when it is called. */
export function addRenderCommand(program: Command, execute: Execute): void {
  const command = program
    .command('render')
    .argument('<model>', 'a network that `fewsound fit` saved: model.safetensors')
    .summary('turn a saved network into sound')
    .description(
      'Turns a saved network into a WAV file. A network is continuous in time, so any sample rate and any stretch works.',
    )
    .requiredOption('--out <file>', 'WAV file to write')
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
  command.action((model: string) =>
    execute(command, async (context) => {
      const { bitDepth, ...rest } = command.opts<
        Omit<RenderRequest, 'model' | 'bitDepth'> & { bitDepth: string }
      >();
      const { render } = await import('./render.js');
      return render({ ...rest, model, bitDepth: Number(bitDepth) as 16 | 24 | 32 }, context);
    }),
  );
}
