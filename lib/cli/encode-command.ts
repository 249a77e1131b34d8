import type { Command } from 'commander';
import type { Execute } from './command-context.js';
import { type DeviceName, deviceName, integerFrom } from './option-parsing.js';

/** A recording whose networks a model is to write. */
export interface EncodeRequest {
  /** File of a model, or folder of a run. */
  readonly model: string;
  readonly audio: string;
  readonly out?: string;
  /** Samples that neighbouring pieces share. */
  readonly overlap?: number;
  /** Hz; for a model that does not know its own. */
  readonly sampleRate?: number;
  /** Absent: a CUDA device where there is one, else the CPU. */
  readonly device?: DeviceName;
}

/** `fewsound encode`: declares it; the work is loaded when it is called. */
export function addEncodeCommand(program: Command, execute: Execute): void {
  const command = program
    .command('encode')
    .argument('<model>', 'the folder of a run (its best model), or the file of a model')
    .argument('<audio>', 'a recording of any length: wav, flac, mp3, ogg or opus')
    .summary('turn a recording into networks, by a trained model')
    .description(
      'Writes the networks of a recording, a piece of the length that the model hears after the other, into one file, and says how close they come. `fewsound decode` turns them back into sound.',
    )
    .option('--out <file>', 'file to write; default: fewsound-out/NAME.safetensors')
    .option(
      '--overlap <samples>',
      'samples that neighbouring pieces share and fade over; default: 2048, or a quarter of a piece',
      integerFrom(2),
    )
    .option(
      '--sample-rate <hertz>',
      'rate that the model was trained at, for a file that does not say; default there: 22050',
      integerFrom(1),
    )
    .option('--device <name>', 'cpu, cuda or cuda:N; default: CUDA where there is one', deviceName)
    .option('-q, --quiet', 'no progress on standard error');
  command.action((model: string, audio: string) =>
    execute(command, async (context) => {
      const options = command.opts<Omit<EncodeRequest, 'model' | 'audio'>>();
      const { out, overlap, sampleRate, device } = options;
      const { encode } = await import('./encode.js');
      return encode(
        {
          model,
          audio,
          ...(out !== undefined && { out }),
          ...(overlap !== undefined && { overlap }),
          ...(sampleRate !== undefined && { sampleRate }),
          ...(device !== undefined && { device }),
        },
        context,
      );
    }),
  );
}
