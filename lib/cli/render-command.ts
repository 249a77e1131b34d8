import type { Command } from 'commander';
import type { Execute } from './command-context.js';
import { addRenderFlags, type RenderSettings, renderSettings } from './render-flags.js';

/** Sound out of a saved network. */
export interface RenderRequest extends RenderSettings {
  readonly model: string;
  readonly out: string;
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
    .requiredOption('--out <file>', 'WAV file to write');
  addRenderFlags(command);
  command.action((model: string) =>
    execute(command, async () => {
      const { out } = command.opts<Pick<RenderRequest, 'out'>>();
      const { render } = await import('./render.js');
      return render({ ...renderSettings(command), model, out });
    }),
  );
}
