import type { Command } from 'commander';
import type { Execute } from './command-context.js';
import { addRenderFlags, type RenderSettings, renderSettings } from './render-flags.js';

/** Sound out of the networks that `fewsound encode` wrote. */
export interface DecodeRequest extends RenderSettings {
  readonly file: string;
  readonly out?: string;
}

/** `fewsound decode`: declares it; the work is loaded when it is called. */
export function addDecodeCommand(program: Command, execute: Execute): void {
  const command = program
    .command('decode')
    .argument('<file>', 'networks that `fewsound encode` wrote')
    .summary('turn encoded networks back into sound')
    .description(
      'Turns the networks of a recording into a WAV file, at any sample rate, any stretch of it; neighbouring pieces fade into each other. The model that wrote them is not needed.',
    )
    .option('--out <file>', 'WAV file to write; default: fewsound-out/NAME.wav');
  addRenderFlags(command);
  command.action((file: string) =>
    execute(command, async () => {
      const { out } = command.opts<Pick<DecodeRequest, 'out'>>();
      const { decode } = await import('./decode.js');
      return decode({ ...renderSettings(command), file, ...(out !== undefined && { out }) });
    }),
  );
}
