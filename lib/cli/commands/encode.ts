import { statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Clip, loadClip } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { makeFolder } from '../../files.js';
import { evaluate } from '../../metrics/index.js';
import { demoModel } from '../../nn/hyper/demo-model.js';
import {
  encodeRecording,
  type HyperNetwork,
  loadHyperNetwork,
  type PiecewiseInr,
} from '../../nn/index.js';
import { formatCount, formatSeconds } from '../../report/text-table.js';
import { type CommandContext, type CommandResult, defineCommand } from '../command.js';
import { argument, deviceFlag, flag, integerFrom, quietFlag } from '../flags/parsers.js';
import { chooseDevice } from '../runs/processes.js';
import { findTrainedModel } from '../runs/trained-model.js';
import { metricsText } from '../terminal/metrics.js';
import { counted, withProgress } from '../terminal/progress.js';
import { byteSizes, sizeText } from './render.js';

/** Rate of the paper's corpora, for models that do not say at which they were trained. */
const PAPER_RATE = 22_050;

export const encode = defineCommand({
  description:
    'Writes the networks of a recording, one for each piece of the length that the model takes, into one file, and says how close they come. `fewsound decode` turns them back into sound.',
  usage: '[MODEL] AUDIO [options]',
  examples: [
    'fewsound encode runs/kan speech.flac --out speech.safetensors',
    'fewsound encode speech.flac --json',
  ],
  inputs: {
    model: argument(
      '<model>',
      'the folder of a run (its best model), or the file of a model; left out: that of `fewsound setup demo-model`',
    ),
    audio: argument('[audio]', 'a recording of any length: wav, flac, mp3, ogg or opus'),
    out: flag('--out <file>', 'file to write; default: fewsound-out/NAME.safetensors'),
    overlap: flag(
      '--overlap <samples>',
      'samples that neighboring pieces share and fade over; default: 2048, or a quarter of a piece',
      integerFrom(2),
    ),
    sampleRate: flag(
      '--sample-rate <hertz>',
      'rate that the model was trained at, for a file that does not say; default there: 22050',
      integerFrom(1),
    ),
    device: deviceFlag,
    quiet: quietFlag,
  },
  async run({ overlap, device, ...given }, context) {
    const { signal, stderr, quiet, json } = context;
    const { audio = given.model } = given;
    const named = given.audio === undefined ? undefined : given.model;
    const name = basename(audio, extname(audio));
    const out = resolve(given.out ?? join('fewsound-out', `${name}.safetensors`));
    const file = named === undefined ? demoModel() : (await findTrainedModel(named)).file;
    if (named === undefined && !quiet && !json) stderr.write(`The demo model writes: ${file}\n`);
    const model = await loadHyperNetwork(file, { device: chooseDevice(device) });
    try {
      const sampleRate = rateOf(file, model, given.sampleRate, context);
      // Amplitudes come back as they are: each piece carries its own scale.
      const clip = await loadClip(audio, { sampleRate, normalize: false, signal });
      const start = performance.now();
      const networks = await withProgress(context, '', counted('pieces'), (progress) =>
        encodeRecording(model, clip, {
          ...{ overlap, signal },
          onProgress: (done, total) => progress.update({ done, total }),
        }),
      );
      try {
        const seconds = (performance.now() - start) / 1000;
        await makeFolder(dirname(out));
        await networks.save(out);
        return await describe(model, clip, networks, out, seconds);
      } finally {
        networks.dispose();
      }
    } finally {
      model.dispose();
    }
  },
});

function rateOf(
  file: string,
  { sampleRate: own }: HyperNetwork,
  given: number | undefined,
  { stderr, quiet }: CommandContext,
): number {
  if (own === undefined) {
    if (given === undefined && !quiet) {
      stderr.write(
        `${file} does not say at which rate it was trained; ${PAPER_RATE} Hz is assumed. If it was another, give --sample-rate.\n`,
      );
    }
    return given ?? PAPER_RATE;
  }
  if (given === undefined || given === own) return own;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `--sample-rate is ${given}, but ${file} was trained at ${own} Hz. Leave the option out: the recording is resampled, and \`fewsound decode\` renders at any rate.`,
    { field: 'sampleRate' },
  );
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
      ...{ samples: length, sampleRate, pieces, overlap: networks.overlap, parameters },
      ...{ bytes, metrics, seconds },
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
