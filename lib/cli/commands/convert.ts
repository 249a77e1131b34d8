import { resolve } from 'node:path';
import { types } from 'node:util';
import { FewSoundError } from '../../errors.js';
import { formatCount, textTable } from '../../report/text-table.js';
import {
  readTorchFile,
  scope,
  TensorReference,
  type TorchValue,
  writeSafetensors,
} from '../../tensor/index.js';
import { defineCommand } from '../command.js';
import { argument, requiredFlag } from '../flags/parsers.js';

export const convert = defineCommand({
  description:
    'Writes the tensors of a PyTorch checkpoint to a safetensors file and lists them. Nothing in the checkpoint is run: one that holds more than tensors and plain values is refused.',
  examples: [
    'fewsound convert model.pth --out model.safetensors',
    'fewsound convert model.pth --out model.safetensors --json',
  ],
  inputs: {
    checkpoint: argument('<checkpoint>', 'a file that torch.save wrote: model.pth, model.pt'),
    out: requiredFlag('--out <file>', 'safetensors file to write'),
  },
  run: ({ checkpoint, out }) =>
    scope(async () => {
      const { tensors, values } = await readTorchFile(checkpoint);
      if (tensors.size === 0) {
        throw new FewSoundError(
          'INVALID_ARGUMENT',
          `${checkpoint} holds no tensors, so there is nothing to convert.`,
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
            ? [`${count(left, 'other value')} left out; safetensors holds tensors only`]
            : []),
        ].join('\n'),
      };
    }),
});

function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? '' : 's'}`;
}

/** Counts numbers, texts and whatever else is not a tensor. */
function countOthers(value: TorchValue): number {
  if (value instanceof TensorReference) return 0;
  if (value === null || typeof value !== 'object' || types.isUint8Array(value)) return 1;
  return Object.values(value).reduce<number>((sum, each) => sum + countOthers(each), 0);
}
