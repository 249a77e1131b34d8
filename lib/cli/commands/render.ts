import { statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { writeWav } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { makeFolder } from '../../files.js';
import type { LearnedClip } from '../../nn/index.js';
import { loadSound } from '../../nn/load.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import { defineCommand, letInterrupt, type Values } from '../command.js';
import { argument, choice, flag, integerFrom, positive, requiredFlag } from '../flags/parsers.js';

/** Which part of the sound to render, and how. */
const renderFlags = {
  sampleRate: flag(
    '--sample-rate <hertz>',
    'rate of the file; default: that of the recording it learned',
    integerFrom(1),
  ),
  from: flag(
    '--from <seconds>',
    'where to begin; default: the beginning',
    positive({ orZero: true }),
  ),
  to: flag('--to <seconds>', 'where to end; default: the end of the recording', positive()),
  bitDepth: choice(
    '--bit-depth <bits>',
    '16 or 24 bits, or 32 for float',
    ['16', '24', '32'],
    '16',
  ),
};

export const render = defineCommand({
  description:
    'Turns a saved network into a WAV file. A network is continuous in time, so any sample rate and any stretch works.',
  examples: [
    'fewsound render speech/model.safetensors --out speech.wav',
    'fewsound render speech/model.safetensors --out slice.wav --from 0.2 --to 1 --sample-rate 48000',
  ],
  inputs: {
    model: argument('<model>', 'a network that `fewsound fit` saved: model.safetensors'),
    out: requiredFlag('--out <file>', 'WAV file to write'),
    ...renderFlags,
  },
  async run({ model: path, out, ...given }, { signal }) {
    const rendered = await renderNetwork(path, out, given, signal);
    const { model, samples, sampleRate, from, to, wav } = rendered;
    return {
      json: { model, samples, sampleRate, from, to, files: { wav } },
      text: `${formatCount(samples)} samples at ${sampleRate} Hz written to ${wav}`,
    };
  },
});

export const decode = defineCommand({
  description:
    'Turns the networks of a recording into a WAV file, at any sample rate, any stretch of it; neighboring pieces fade into each other. The model that wrote them is not needed.',
  examples: [
    'fewsound decode speech.safetensors --out speech.wav',
    'fewsound decode speech.safetensors --sample-rate 48000 --to 10',
  ],
  inputs: {
    file: argument('<file>', 'networks that `fewsound encode` wrote'),
    out: flag('--out <file>', 'WAV file to write; default: fewsound-out/NAME.wav'),
    ...renderFlags,
  },
  async run({ file, out = defaultWav(file), ...given }, { signal }) {
    const rendered = await renderNetwork(file, out, given, signal);
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
  },
});

const defaultWav = (file: string) => join('fewsound-out', `${basename(file, extname(file))}.wav`);

/** The size of a recording as networks, and as samples. */
export interface ByteSizes {
  /** Of the file of the networks. */
  readonly networks: number;
  /** Of the samples in 16 bits. */
  readonly samples16: number;
}

/** @param samples at the rate that the networks learned */
export function byteSizes(networks: number, samples: number): ByteSizes {
  return { networks, samples16: 2 * samples };
}

/** Both sizes and their ratio, in a sentence. */
export function sizeText({ networks, samples16 }: ByteSizes): string {
  const ratio = (networks / samples16).toPrecision(3);
  return `${formatCount(networks)} bytes, ${ratio} times the ${formatCount(samples16)} of the samples in 16 bits`;
}

/** Sound rendered from a saved network. */
interface Rendered {
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

/** The work of `render`, and of `decode`. */
async function renderNetwork(
  path: string,
  out: string,
  given: Values<typeof renderFlags>,
  signal: AbortSignal,
): Promise<Rendered> {
  const network = await loadSound(path);
  try {
    const { clip, kind: model, parameterCount: parameters } = network;
    if (!clip) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `${path} does not say which recording it learned, so seconds have no meaning for it; fit it with \`fewsound fit\`, or set its clip before saving.`,
        { field: 'clip' },
      );
    }
    const sampleRate = given.sampleRate ?? clip.sampleRate;
    const from = given.from ?? 0;
    const to = given.to ?? clip.samples / clip.sampleRate;
    await letInterrupt(signal);
    const samples = network.render({ from, to, sampleRate });
    await letInterrupt(signal);
    await makeFolder(dirname(resolve(out)));
    await writeWav(
      out,
      { samples, sampleRate },
      { bitDepth: Number(given.bitDepth) as 16 | 24 | 32 },
    );
    const pieces = 'pieces' in network ? network.pieces.length : 1;
    const range = { samples: samples.length, sampleRate, from, to };
    return { model, parameters, pieces, clip, ...range, wav: resolve(out) };
  } finally {
    network.dispose();
  }
}
