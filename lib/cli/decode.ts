import { statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { formatCount, formatSeconds } from '../report/numbers.js';
import type { CommandResult } from './command-context.js';
import type { DecodeRequest } from './decode-command.js';
import { byteSizes, sizeText } from './file-sizes.js';
import { renderNetwork } from './render.js';

/** Turns encoded networks back into sound: `fewsound decode FILE`. */
export async function decode({ file, ...request }: DecodeRequest): Promise<CommandResult> {
  const name = basename(file, extname(file));
  const out = request.out ?? join('fewsound-out', `${name}.wav`);
  const rendered = await renderNetwork({ ...request, model: file, out });
  const { clip, pieces, parameters, samples, sampleRate, wav, model, from, to } = rendered;
  const bytes = byteSizes(statSync(file).size, clip.samples);
  return {
    json: { model, pieces, parameters, samples, sampleRate, from, to, bytes, files: { wav } },
    text: [
      `${formatSeconds(samples / sampleRate)} of sound (${formatCount(samples)} samples at ${formatCount(sampleRate)} Hz) from ${formatCount(pieces)} ${pieces === 1 ? 'network' : 'networks'} of ${formatCount(parameters)} parameters in all`,
      `The networks' file has ${sizeText(bytes)}`,
      '',
      `Sound in ${wav}`,
    ].join('\n'),
  };
}
