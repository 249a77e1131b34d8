import { resolve } from 'node:path';
import { types } from 'node:util';
import type { Command } from 'commander';
import { FewSoundError } from '../../errors.js';
import { formatCount, textTable } from '../../report/text-table.js';
import {
  readTorchFile,
  scope,
  TensorReference,
  type TorchValue,
  writeSafetensors,
} from '../../tensor/index.js';
import type { CommandContext, CommandResult, Execute } from '../command.js';

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
      return convert({ checkpoint, out }, context);
    }),
  );
}

/** Writes the tensors of a PyTorch checkpoint to a safetensors file. */
export async function convert(
  { checkpoint, out }: ConvertRequest,
  _context: CommandContext,
): Promise<CommandResult> {
  return scope(async () => {
    const { tensors, values } = await readTorchFile(checkpoint);
    if (tensors.size === 0) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `${checkpoint} holds no tensor, so there is nothing to convert.`,
        { field: 'checkpoint' },
      );
    }
    await writeSafetensors(out, tensors);
    const file = resolve(out);
    const listed = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const left = countOthers(values);
    return {
      json: { tensors: listed, otherValues: left, files: { safetensors: file } },
      text: [
        textTable(
          [{ title: 'tensor' }, { title: 'dtype' }, { title: 'shape' }],
          listed.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(', ')}]`]),
        ),
        '',
        `${count(tensors.size, 'tensor')} written to ${file}`,
        ...(left > 0
          ? [`${count(left, 'other value')} left out; safetensors has tensors only`]
          : []),
      ].join('\n'),
    };
  });
}

function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? '' : 's'}`;
}

/** Numbers, texts and whatever else is no tensor. */
function countOthers(value: TorchValue): number {
  if (value instanceof TensorReference) return 0;
  if (value === null || typeof value !== 'object' || types.isUint8Array(value)) return 1;
  return Object.values(value).reduce<number>((sum, each) => sum + countOthers(each), 0);
}
