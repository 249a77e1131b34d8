import { statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { writeWav } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import type { LearnedClip } from '../../nn/index.js';
import { loadSound } from '../../nn/load.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import type { CommandResult, Execute } from '../command.js';
import { integerFrom, positive } from '../flags/parsers.js';
import { makeParentFolder } from '../runs/folder.js';

/** Which sound is made of a saved network. */
export interface RenderSettings {
  /** Hz; absent: the rate at which the network learned. */
  readonly sampleRate?: number;
  /** Seconds. */
  readonly from?: number;
  readonly to?: number;
  readonly bitDepth: 16 | 24 | 32;
}

/** Adds the options that choose the sound. */
export function addRenderFlags(command: Command): Command {
  return command
    .option(
      '--sample-rate <hertz>',
      'rate of the file; default: that of the recording it learned',
      integerFrom(1),
    )
    .option(
      '--from <seconds>',
      'where to begin; default: the beginning',
      positive({ orZero: true }),
    )
    .option('--to <seconds>', 'where to end; default: the end of the recording', positive())
    .addOption(
      new Option('--bit-depth <bits>', '16 or 24 bits, or 32 for float')
        .choices(['16', '24', '32'])
        .default('16'),
    );
}

/** The values of `addRenderFlags`. */
export function renderSettings(command: Command): RenderSettings {
  const { sampleRate, from, to, bitDepth } = command.opts<
    Omit<RenderSettings, 'bitDepth'> & { bitDepth: string }
  >();
  return {
    ...(sampleRate !== undefined && { sampleRate }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    bitDepth: Number(bitDepth) as RenderSettings['bitDepth'],
  };
}

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
      return decode({ ...renderSettings(command), file, ...(out !== undefined && { out }) });
    }),
  );
}

/** How large a recording is as networks, and as samples. */
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
  const network = await loadSound(path);
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
      return render({ ...renderSettings(command), model, out });
    }),
  );
}
