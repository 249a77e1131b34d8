import type { Command } from 'commander';
import type { Execute } from './command-context.js';

/** A checkpoint of PyTorch, and where its tensors go. */
export interface ConvertRequest {
  readonly checkpoint: string;
  readonly out: string;
}

/** `fewsound convert`: declares it; the work is loaded when it is called. */
export function addConvertCommand(program: Command, execute: Execute): void {
  const command = program
    .command('convert')
    .argument('<checkpoint>', 'a file that torch.save wrote: model.pth, model.pt')
    .summary('turn a checkpoint of PyTorch into safetensors')
    .description(
      'Writes the tensors of a PyTorch checkpoint to a safetensors file and lists them. Nothing in the checkpoint is run: one that holds more than tensors and plain values is refused.',
    )
    .requiredOption('--out <file>', 'safetensors file to write');
  command.action((checkpoint: string) =>
    execute(command, async (context) => {
      const { out } = command.opts<{ out: string }>();
      const { convert } = await import('./convert.js');
      return convert({ checkpoint, out }, context);
    }),
  );
}
