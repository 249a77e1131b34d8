import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Clip, loadClip } from '../../audio/index.js';
import { FewSoundError } from '../../errors.js';
import { makeFolder, requireWritable } from '../../files.js';
import { evaluate } from '../../metrics/index.js';
import { demoModel } from '../../nn/hyper/demo-model.js';
import {
  type EncodeOptions,
  encodeRecording,
  type HyperNetwork,
  type Inr,
  loadHyperNetwork,
  type PiecewiseInr,
} from '../../nn/index.js';
import { type FittedNetwork, writeComparisonReport } from '../../report/index.js';
import { formatCount, formatSeconds, kindName } from '../../report/text-table.js';
import { threads } from '../../tensor/index.js';
import { fitAll } from '../../train/index.js';
import { type CommandContext, type CommandResult, defineCommand } from '../command.js';
import { argument, deviceFlag, flag, integerFrom, quietFlag } from '../flags/parsers.js';
import { versions } from '../machine.js';
import { chooseDevice } from '../runs/processes.js';
import { findTrainedModel } from '../runs/trained-model.js';
import { metricsText } from '../terminal/metrics.js';
import { counted, withProgress } from '../terminal/progress.js';
import { byteSizes, sizeText } from './render.js';

/** Rate of the paper's corpora, for models that do not say at which they were trained. */
const PAPER_RATE = 22_050;

/** How networks learn on. Their phase is right: the waveform's own loss takes it from there. */
const FURTHER = { schedule: 'cosine', loss: { mel: 0 } } as const;

export const encode = defineCommand({
  description:
    'Writes the networks of a recording, one for each piece of the length that the model takes, into one file, and says how close they come. `fewsound decode` turns them back into sound. --fit lets them learn on from there, --report makes a page to listen to both.',
  usage: '[MODEL] AUDIO [options]',
  examples: [
    'fewsound encode runs/kan speech.flac --out speech.safetensors',
    'fewsound encode speech.flac --fit 100 --report speech.html',
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
    fit: flag(
      '--fit <steps>',
      'let each network learn its piece for so many steps more',
      integerFrom(1),
    ),
    report: flag('--report <file>', 'also write a page with players, spectrograms and metrics'),
    sampleRate: flag(
      '--sample-rate <hertz>',
      'rate that the model was trained at, for a file that does not say; default there: 22050',
      integerFrom(1),
    ),
    device: deviceFlag,
    quiet: quietFlag,
  },
  async run({ overlap, device, fit: steps, ...given }, context) {
    const { signal, stderr, quiet, json } = context;
    const { audio = given.model } = given;
    const named = given.audio === undefined ? undefined : given.model;
    const name = basename(audio, extname(audio));
    const out = resolve(given.out ?? join('fewsound-out', `${name}.safetensors`));
    // Before minutes of work. What is missing of the folders is made for the results.
    for (const [name, path] of Object.entries({ out, report: given.report })) {
      if (path !== undefined && existsSync(dirname(resolve(path))))
        await requireWritable(path, name);
    }
    const file = named === undefined ? demoModel() : (await findTrainedModel(named)).file;
    if (named === undefined && !quiet && !json) stderr.write(`The demo model writes: ${file}\n`);
    using model = await loadHyperNetwork(file, { device: chooseDevice(device) });
    const sampleRate = rateOf(file, model, given.sampleRate, context);
    // Amplitudes come back as they are: each piece carries its own scale.
    const clip = await loadClip(audio, { sampleRate, normalize: false, signal });
    const write = (label: string, onWritten?: EncodeOptions['onWritten']) =>
      withProgress(context, label, counted('pieces'), (progress) =>
        encodeRecording(model, clip, {
          ...{ overlap, signal, onWritten },
          onProgress: (done, total) => progress.update({ done, total }),
        }),
      );
    const start = performance.now();
    using written = await write('');
    const seconds = (performance.now() - start) / 1000;
    const losses: Float64Array[] = [];
    const begun = performance.now();
    using fitted =
      steps === undefined
        ? undefined
        : await write('fit: ', async (networks, pieces) => {
            const network = (i: number) => networks[i] as Inr;
            const done = await fitAll(pieces, { ...FURTHER, steps, network, signal });
            losses.push(...done.map((each) => each.losses));
          });
    const further = courseOf(losses, begun);
    const networks = fitted ?? written;
    await makeFolder(dirname(out));
    await networks.save(out);
    const label = kindName(model.kind);
    const none = { steps: 0, losses: [], secondsPerStep: 0 };
    const answers = [await heard(model, clip, written, { label, seconds, ...none })];
    if (steps !== undefined && fitted !== undefined) {
      const course = { label: `${label}, then ${steps} steps`, steps, ...further };
      answers.push(await heard(model, clip, fitted, course));
    }
    const files = { networks: out, ...(given.report && { report: resolve(given.report) }) };
    if (files.report !== undefined) await writePage(files.report, { file, model, clip, answers });
    return describe(model, clip, networks, answers, files);
  },
});

/** The losses of pieces in the mean, and the time since their fit began. */
function courseOf(pieces: readonly Float64Array[], begun: number) {
  const seconds = (performance.now() - begun) / 1000;
  const losses = pieces[0]?.map((_, step) => {
    const sum = pieces.reduce((all, each) => all + (each[step] as number), 0);
    return sum / pieces.length;
  });
  const steps = (losses?.length ?? 0) * pieces.length;
  return { losses: losses ?? [], seconds, secondsPerStep: steps === 0 ? 0 : seconds / steps };
}

/** What networks make of a recording, as reports show it. */
async function heard(
  model: HyperNetwork,
  clip: Clip,
  networks: PiecewiseInr,
  course: Pick<FittedNetwork, 'label' | 'seconds' | 'steps' | 'losses' | 'secondsPerStep'>,
): Promise<FittedNetwork> {
  const { kind, ...options } = model.options.target;
  const reconstruction = networks.render(clip.length);
  return {
    ...{ kind, reconstruction, ...course, parameters: networks.parameterCount },
    options: { ...options, pieces: networks.pieces.length, overlap: networks.overlap },
    metrics: await evaluate(clip, reconstruction),
  };
}

async function writePage(
  path: string,
  {
    file,
    model,
    clip,
    answers: models,
  }: {
    readonly file: string;
    readonly model: HyperNetwork;
    readonly clip: Clip;
    readonly answers: readonly FittedNetwork[];
  },
): Promise<void> {
  const name = clip.source === undefined ? 'A recording' : basename(clip.source);
  const further = models.length === 1 ? '' : ', and what they learn from there';
  await makeFolder(dirname(path));
  await writeComparisonReport(path, {
    ...{ title: `${name}, as ${kindName(model.kind)} writes it`, original: clip, models },
    summary: `${formatSeconds(clip.length / clip.sampleRate)} of sound, in networks that the model wrote in one pass${further}.`,
    run: {
      ...{ device: model.device, threads: threads(), versions: versions() },
      training: {
        ...{ model: basename(file), parameters: model.parameterCount },
        ...{ samples: model.options.samples, sampleRate: clip.sampleRate },
      },
    },
  });
}

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

function describe(
  model: HyperNetwork,
  { length, sampleRate, source }: Clip,
  networks: PiecewiseInr,
  [written, fitted]: readonly FittedNetwork[],
  files: { readonly networks: string; readonly report?: string },
): CommandResult {
  const { metrics = {}, seconds = 0 } = written ?? {};
  const pieces = networks.pieces.length;
  const parameters = networks.parameterCount;
  const target = model.options.target.kind;
  const bytes = byteSizes(statSync(files.networks).size, length);
  const learned = fitted && {
    steps: fitted.steps,
    seconds: fitted.seconds,
    metrics: fitted.metrics,
  };
  return {
    json: {
      model: model.kind,
      target,
      recording: source === undefined ? null : resolve(source),
      ...{ samples: length, sampleRate, pieces, overlap: networks.overlap, parameters },
      ...{ bytes, metrics, seconds, ...(learned && { fitted: learned }) },
      files,
    },
    text: [
      metricsText(metrics),
      '',
      `${formatSeconds(length / sampleRate)} of sound at ${formatCount(sampleRate)} Hz in ${formatCount(pieces)} ${target} ${pieces === 1 ? 'network' : 'networks'} of ${formatCount(parameters)} parameters in all, written in ${formatSeconds(seconds)}`,
      sizeText(bytes),
      '',
      ...(learned
        ? [
            `After ${formatCount(learned.steps)} steps more, ${formatSeconds(learned.seconds)}:`,
            metricsText(learned.metrics),
            '',
          ]
        : []),
      `Networks in ${files.networks}`,
      ...(files.report ? [`Report in ${files.report}`] : []),
    ].join('\n'),
  };
}
