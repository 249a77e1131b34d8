import { statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Clip, loadClip } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { evaluate } from '../../metrics/index.js';
import {
  encodeRecording,
  type HyperNetwork,
  loadHyperNetwork,
  type PiecewiseInr,
} from '../../nn/index.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import type { CommandContext, CommandResult, Execute } from '../command.js';
import { type DeviceName, deviceName, integerFrom } from '../flags/parsers.js';
import { makeParentFolder } from '../runs/folder.js';
import { chooseDevice } from '../runs/processes.js';
import { findTrainedModel } from '../runs/trained-model.js';
import { metricsText } from '../terminal/metrics.js';
import { showProgress } from '../terminal/progress.js';
import { byteSizes, sizeText } from './render.js';

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

/** Rate of the paper's corpora, for models that do not say at which they were trained. */
const PAPER_RATE = 22_050;

/** Writes the networks of a recording: `fewsound encode MODEL AUDIO`. */
export async function encode(
  request: EncodeRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { audio, device } = request;
  const name = basename(audio, extname(audio));
  const out = resolve(request.out ?? join('fewsound-out', `${name}.safetensors`));
  const { file } = await findTrainedModel(request.model);
  const model = await loadHyperNetwork(file, { device: chooseDevice(device) });
  try {
    const sampleRate = rateOf(file, model, request, context);
    // Amplitudes come back as they are: each piece carries its own scale.
    const clip = await loadClip(audio, { sampleRate, normalize: false, signal: context.signal });
    const start = performance.now();
    const networks = await write(model, clip, request, context);
    try {
      const seconds = (performance.now() - start) / 1000;
      await makeParentFolder(out);
      await networks.save(out);
      return await describe(model, clip, networks, out, seconds);
    } finally {
      networks.dispose();
    }
  } finally {
    model.dispose();
  }
}

function rateOf(
  file: string,
  { sampleRate: own }: HyperNetwork,
  { sampleRate: given }: EncodeRequest,
  { stderr, quiet }: CommandContext,
): number {
  if (own === undefined) {
    if (given === undefined && !quiet) {
      stderr.write(
        `${file} does not say at which rate it was trained; ${PAPER_RATE} Hz are taken. Give --sample-rate where it was another.\n`,
      );
    }
    return given ?? PAPER_RATE;
  }
  if (given === undefined || given === own) return own;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `--sample-rate is ${given}, but ${file} was trained at ${own} Hz and knows no other. Leave the option out: the recording is resampled; \`fewsound decode\` renders at any rate.`,
    { field: 'sampleRate' },
  );
}

async function write(
  model: HyperNetwork,
  clip: Clip,
  { overlap }: EncodeRequest,
  context: CommandContext,
): Promise<PiecewiseInr> {
  const progress = await showProgress<{ done: number; total: number }>(context, '', {
    position: (state) => state,
    describe: ({ done, total }) => `${formatCount(done)}/${formatCount(total)} pieces`,
  });
  try {
    return await encodeRecording(model, clip, {
      ...(overlap !== undefined && { overlap }),
      signal: context.signal,
      onProgress: (done, total) => progress.update({ done, total }),
    });
  } finally {
    progress.stop();
  }
}

async function describe(
  model: HyperNetwork,
  clip: Clip,
  networks: PiecewiseInr,
  out: string,
  seconds: number,
): Promise<CommandResult> {
  const { length, sampleRate, source } = clip;
  const metrics = await evaluate(clip, networks.render(length));
  const pieces = networks.pieces.length;
  const parameters = networks.parameterCount;
  const target = model.options.target.kind;
  const bytes = byteSizes(statSync(out).size, length);
  return {
    json: {
      model: model.kind,
      target,
      recording: source === undefined ? null : resolve(source),
      samples: length,
      sampleRate,
      pieces,
      overlap: networks.overlap,
      parameters,
      bytes,
      metrics,
      seconds,
      files: { networks: out },
    },
    text: [
      metricsText(metrics),
      '',
      `${formatSeconds(length / sampleRate)} of sound at ${formatCount(sampleRate)} Hz in ${formatCount(pieces)} ${target} ${pieces === 1 ? 'network' : 'networks'} of ${formatCount(parameters)} parameters in all, written in ${formatSeconds(seconds)}`,
      sizeText(bytes),
      '',
      `Networks in ${out}`,
    ].join('\n'),
  };
}
