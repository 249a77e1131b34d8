import { resolve } from 'node:path';
import { writeWav } from '../audio/index.js';
import { FewSoundError } from '../native/errors.js';
import { load } from '../nn/index.js';
import { formatCount } from '../report/numbers.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { RenderRequest } from './render-command.js';

/** Turns a saved network into a WAV file. */
export async function render(
  request: RenderRequest,
  _context: CommandContext,
): Promise<CommandResult> {
  const { model: path, out, bitDepth } = request;
  const network = await load(path);
  try {
    const { clip, kind } = network;
    if (!clip) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `${path} does not say which recording it learned, so seconds have no meaning for it; fit it with \`fewsound fit\`, or set its clip before saving`,
        { field: 'clip' },
      );
    }
    const sampleRate = request.sampleRate ?? clip.sampleRate;
    const from = request.from ?? 0;
    const to = request.to ?? clip.samples / clip.sampleRate;
    const samples = network.render({ from, to, sampleRate });
    await writeWav(out, { samples, sampleRate }, { bitDepth });
    const file = resolve(out);
    return {
      json: { model: kind, samples: samples.length, sampleRate, from, to, files: { wav: file } },
      text: `${formatCount(samples.length)} samples at ${sampleRate} Hz written to ${file}`,
    };
  } finally {
    network.dispose();
  }
}
