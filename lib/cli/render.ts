import { resolve } from 'node:path';
import { writeWav } from '../audio/index.js';
import { FewSoundError } from '../native/errors.js';
import { type LearnedClip, load } from '../nn/index.js';
import { formatCount } from '../report/numbers.js';
import type { CommandResult } from './command-context.js';
import { makeParentFolder } from './parent-folder.js';
import type { RenderRequest } from './render-command.js';

/** Sound that was made of a saved network. */
export interface Rendered {
  /** Its kind. */
  readonly model: string;
  readonly parameters: number;
  /** Networks that it consists of. */
  readonly pieces: number;
  /** The recording that it learned. */
  readonly clip: LearnedClip;
  readonly samples: number;
  /** Hz */
  readonly sampleRate: number;
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  /** Absolute path. */
  readonly wav: string;
}

/** Turns a saved network into a WAV file: `fewsound render MODEL --out WAV`. */
export async function render(request: RenderRequest): Promise<CommandResult> {
  const { model, samples, sampleRate, from, to, wav } = await renderNetwork(request);
  return {
    json: { model, samples, sampleRate, from, to, files: { wav } },
    text: `${formatCount(samples)} samples at ${sampleRate} Hz written to ${wav}`,
  };
}

/** The work of `render`, and of `decode`. */
export async function renderNetwork(request: RenderRequest): Promise<Rendered> {
  const { model: path, out, bitDepth } = request;
  const network = await load(path);
  try {
    const { clip, kind: model, parameterCount: parameters } = network;
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
    await makeParentFolder(resolve(out));
    await writeWav(out, { samples, sampleRate }, { bitDepth });
    const pieces = 'pieces' in network ? network.pieces.length : 1;
    const range = { samples: samples.length, sampleRate, from, to };
    return { model, parameters, pieces, clip, ...range, wav: resolve(out) };
  } finally {
    network.dispose();
  }
}
