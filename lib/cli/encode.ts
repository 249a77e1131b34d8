import { statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { type Clip, loadClip } from '../audio/index.js';
import { evaluate } from '../metrics/index.js';
import { FewSoundError } from '../native/errors.js';
import {
  encodeRecording,
  type HyperNetwork,
  loadHyperNetwork,
  type PiecewiseInr,
} from '../nn/index.js';
import { formatCount, formatSeconds } from '../report/numbers.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { EncodeRequest } from './encode-command.js';
import { byteSizes, sizeText } from './file-sizes.js';
import { metricsText } from './metrics-text.js';
import { makeParentFolder } from './parent-folder.js';
import { showProgress } from './progress-bar.js';
import { findTrainedModel } from './trained-model.js';
import { chooseDevice } from './training-process.js';

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
