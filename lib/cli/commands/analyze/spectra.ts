import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type ClassResponse,
  type CumulativeResponses,
  cumulativeResponses,
  type FilterBank,
  firstFrames,
  type ResponseDifference,
  type ResponseSpectra,
  responseDifference,
  responseSpectra,
  responsesByClass,
  waveformFilters,
} from '../../../analysis/index.js';
import type { Clip } from '../../../audio/index.js';
import { textTable } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import {
  type CommandContext,
  type CommandResult,
  type Execute,
  UsageError,
} from '../../command.js';
import { integerFrom, type Parser, positive } from '../../flags/parsers.js';
import { warnOfLeftOut } from '../../terminal/left-out.js';
import {
  type AnalyzedModel,
  addWaveformFlags,
  hearingLayers,
  hearingRate,
  MODEL_ARGUMENT,
  OUT_FLAG,
  ofModel,
  readAnalyzedModel,
  type WaveformFlags,
} from './model.js';
import { type AnalyzedRecording, listRecordings, loadRecording } from './recordings.js';
import { type AnalyzedSpectra, type ShownResponse, writeSpectraFiles } from './spectra-files.js';

/** How a model responds to recordings. */
export interface SpectraRequest extends WaveformFlags {
  readonly model: string;
  /** Files of recordings, and folders of recordings of one class. */
  readonly recordings: readonly string[];
  /** Another model, whose responses are subtracted. */
  readonly against?: string;
  /** Subtract the response to the second of two recordings from that to the first. */
  readonly difference: boolean;
  /** The class of a recording is what the first group of this matches in the name of its file. */
  readonly classBy?: RegExp;
  /** Cut recordings to this, or fill them up with zeros. */
  readonly samples?: number;
  readonly bins: number;
  readonly axis: 'fourier' | 'log';
  /** Hz: where a logarithmic axis begins. */
  readonly lowest: number;
  /** Periods of a constant-Q window. */
  readonly quality?: number;
  readonly stride: number;
  /** Inputs are scaled to [-range, range]. */
  readonly range: number;
  /** Folder for figures and numbers. */
  readonly out?: string;
}

const pattern: Parser<RegExp> = (text) => {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression. ${(error as Error).message}`);
  }
};

/** `fewsound analyze spectra`: declares it; the work is loaded when it is called. */
export function addAnalyzeSpectra(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('spectra')
    .argument('<model>', MODEL_ARGUMENT)
    .argument('<audio...>', 'recordings; a folder stands for those in it, which are one class')
    .summary('how the first layer responds to recordings, over time and frequency')
    .description(
      'Short-time and cumulative response spectra (STRS, CRS) of the filters that read the waveform: for each recording, for classes of recordings, and as a difference of two recordings or two models.',
    );
  addWaveformFlags(command)
    .option('--stride <samples>', 'between two responses', integerFrom(1), 10)
    .option(
      '--samples <count>',
      'cut recordings to so many samples, or fill them up with zeros; default: as they are',
      integerFrom(1),
    )
    .option('--range <level>', 'recordings are scaled to this at both ends', positive(), 0.1)
    .option('--bins <count>', 'frequencies, one less than there are', integerFrom(1), 512)
    .addOption(
      new Option('--axis <kind>', 'frequencies in equal steps, or in equal ratios')
        .choices(['fourier', 'log'])
        .default('fourier'),
    )
    .option('--lowest <hertz>', 'where the axis in equal ratios begins', positive(), 50)
    .option(
      '--quality <periods>',
      'with --axis log: see filters through windows of so many periods, as a constant-Q transform',
      positive(),
    )
    .option(
      '--class-by <pattern>',
      'the class of a recording: what the first group of this regular expression matches in its name',
      pattern,
    )
    .option('--difference', 'of two recordings: the first minus the second')
    .option('--against <model>', 'another model: the difference of their responses')
    .option(...OUT_FLAG);
  command.action((model: string, recordings: string[]) =>
    execute(command, async (context) => {
      const flags = command.opts<Omit<SpectraRequest, 'model' | 'recordings'>>();
      const difference = flags.difference === true;
      if (difference && recordings.length !== 2) {
        throw new UsageError(
          `--difference is of two recordings, and there are ${recordings.length}: fewsound analyze spectra MODEL FIRST SECOND --difference`,
        );
      }
      return analyzeSpectra({ ...flags, difference, model, recordings }, context);
    }),
  );
}

/** Recordings whose course in time is kept and shown. */
const SHOWN = 12;

/** Recordings that are in memory at once. */
const AT_ONCE = 64;

/** Response spectra of recordings: `fewsound analyze spectra`. */
export async function analyzeSpectra(
  request: SpectraRequest,
  context: CommandContext,
): Promise<CommandResult> {
  const { signal } = context;
  return scope(async () => {
    const model = await readAnalyzedModel(request.model);
    const other =
      request.against === undefined ? undefined : await readAnalyzedModel(request.against);
    const ear = earOf(model, request);
    const otherEar = other && earOf(other, request);
    const { recordings, leftOut } = await listRecordings(request.recordings, request.classBy);
    warnOfLeftOut(leftOut, context);
    if (request.difference && recordings.length !== 2) {
      throw new UsageError(
        `--difference is of two recordings, and there are ${recordings.length}.`,
      );
    }
    const heard = await hear(ear, recordings, recordingsToShow(recordings), request, signal);
    const classes = recordings[0]?.label === undefined ? [] : classesOf(heard, recordings);
    const differences = await differencesOf(request, heard, ear, otherEar, signal);
    const found: AnalyzedSpectra = {
      ...{ recordings, ...heard, classes, differences },
      setting: settingOf(ear, request, other?.name),
    };
    const files =
      request.out === undefined
        ? undefined
        : await writeSpectraFiles(request.out, model.name, found, request.axis);
    return {
      json: { ...jsonOf(request, found, files), leftOut },
      text: describe(found, files?.report),
    };
  });
}

/** How a model hears. */
interface Ear {
  readonly name: string;
  readonly layers: readonly string[];
  readonly banks: readonly FilterBank[];
  readonly rate: ReturnType<typeof hearingRate>;
}

function earOf(model: AnalyzedModel, { layer, sampleRate, stride }: SpectraRequest): Ear {
  const layers = hearingLayers(model, layer);
  const rate = hearingRate(model, sampleRate);
  const setting = { layer: layers, stride, sampleRate: rate.sampleRate };
  const { banks } = ofModel(model.name, () => waveformFilters(model.state, setting));
  return { name: model.name, layers, banks, rate };
}

interface Heard extends CumulativeResponses {
  /** STRS and CRS of the recordings that are shown. */
  readonly shown: readonly ShownResponse[];
}

/** Responses to all recordings; to those of `shown`, indices, with their course in time. */
async function hear(
  { banks, rate }: Ear,
  recordings: readonly AnalyzedRecording[],
  shown: readonly number[],
  request: SpectraRequest,
  signal: AbortSignal,
): Promise<Heard> {
  const { bins, axis, range, lowest, quality } = request;
  const options = { bins, axis, range, lowest, ...(quality !== undefined && { quality }) };
  const load = async (indices: readonly number[]) => {
    const clips: Clip[] = [];
    for (const index of indices) {
      const { path } = recordings[index] as AnalyzedRecording;
      clips.push(await loadRecording(path, rate, request.samples, signal));
    }
    return clips;
  };
  const whole = responseSpectra(banks, await load(shown), options);
  const crs = new Array<CumulativeResponses['crs'][number]>(recordings.length);
  shown.forEach((index, i) => {
    crs[index] = (whole[i] as ResponseSpectra).crs;
  });
  const others = recordings.map((_, index) => index).filter((index) => crs[index] === undefined);
  for (let first = 0; first < others.length; first += AT_ONCE) {
    const batch = others.slice(first, first + AT_ONCE);
    const clips = await load(batch);
    cumulativeResponses(banks, clips, options).crs.forEach((response, i) => {
      crs[batch[i] as number] = response;
    });
  }
  return {
    shown: whole.map((response, i) => ({
      recording: recordings[shown[i] as number] as AnalyzedRecording,
      ...response,
    })),
    crs,
    frequencies: (whole[0] as ResponseSpectra).frequencies,
  };
}

/** The first recordings, of each class as many as of the others. */
function recordingsToShow(recordings: readonly AnalyzedRecording[]): number[] {
  const labels = new Set(recordings.map(({ label }) => label));
  const each = Math.max(1, Math.floor(SHOWN / labels.size));
  const counts = new Map<string | undefined, number>();
  return recordings
    .flatMap(({ label }, index) => {
      const before = counts.get(label) ?? 0;
      counts.set(label, before + 1);
      return before < each ? [index] : [];
    })
    .slice(0, SHOWN);
}

function classesOf(heard: Heard, recordings: readonly AnalyzedRecording[]): ClassResponse[] {
  return responsesByClass(
    heard,
    recordings.map(({ label }) => label as string),
  );
}

async function differencesOf(
  request: SpectraRequest,
  heard: Heard,
  ear: Ear,
  otherEar: Ear | undefined,
  signal: AbortSignal,
): Promise<AnalyzedSpectra['differences']> {
  const named = (name: string, difference: ResponseDifference) => ({ name, ...difference });
  const file = ({ recording }: ShownResponse) => basename(recording.path);
  const [first, second] = heard.shown;
  const between =
    request.difference && first && second
      ? [
          named(
            `${file(first)} minus ${file(second)}`,
            responseDifference(...cutToShorter(first, second)),
          ),
        ]
      : [];
  if (otherEar === undefined) return between;
  const shown = heard.shown.map(({ recording }) => recording);
  const all = shown.map((_, index) => index);
  const others = (await hear(otherEar, shown, all, request, signal)).shown;
  return [
    ...between,
    ...heard.shown.map((response, index) =>
      named(
        `${file(response)}: ${ear.name} minus ${otherEar.name}`,
        responseDifference(response, others[index] as ShownResponse),
      ),
    ),
  ];
}

/** Two responses over the time that both last. */
function cutToShorter(
  first: ResponseSpectra,
  second: ResponseSpectra,
): [ResponseSpectra, ResponseSpectra] {
  const frames = Math.min(first.times.length, second.times.length);
  return [firstFrames(first, frames), firstFrames(second, frames)];
}

function settingOf(
  { layers, banks, rate }: Ear,
  { stride, bins, axis, lowest, quality, range, samples }: SpectraRequest,
  against: string | undefined,
): AnalyzedSpectra['setting'] {
  return {
    layers: banks.map(({ filters }, index) => ({
      name: layers[index] as string,
      filters: filters.shape[0] as number,
      length: filters.shape[1] as number,
    })),
    sampleRate: rate.sampleRate,
    ...{ stride, bins, axis, range },
    ...(axis === 'log' && { lowest, ...(quality !== undefined && { quality }) }),
    ...(samples !== undefined && { samples }),
    ...(against !== undefined && { against }),
  };
}

function jsonOf(
  { model }: SpectraRequest,
  { setting, frequencies, recordings, shown, crs, classes, differences }: AnalyzedSpectra,
  files: object | undefined,
): object {
  return {
    ...{ model, ...setting },
    frequencies: [...frequencies],
    recordings: recordings.map(({ path, label }, index) => ({
      file: path,
      ...framesOf(shown, path),
      ...(label !== undefined && { class: label }),
      strongestHertz: strongest(crs[index] as Float32Array, frequencies),
      // Of classes their means say it; of thousands of recordings it would be a very long line.
      ...(label === undefined && { crs: [...(crs[index] as Float32Array)] }),
    })),
    ...(classes.length > 0 && {
      classes: classes.map(({ label, count, mean, deviation }) => ({
        ...{ label, count, strongestHertz: strongest(mean, frequencies) },
        ...{ mean: [...mean], deviation: [...deviation] },
      })),
    }),
    ...(differences.length > 0 && {
      differences: differences.map(({ name, crs: difference }) => ({ name, crs: [...difference] })),
    }),
    ...(files && { files }),
  };
}

/** For those whose course in time is known. */
function framesOf(shown: readonly ShownResponse[], path: string) {
  const response = shown.find(({ recording }) => recording.path === path);
  return response && { frames: response.times.length };
}

function strongest(crs: ArrayLike<number>, frequencies: Float64Array): number {
  let best = 0;
  for (let i = 0; i < crs.length; i++) if ((crs[i] as number) > (crs[best] as number)) best = i;
  return frequencies[best] as number;
}

function describe(
  { setting, frequencies, recordings, shown, crs, classes }: AnalyzedSpectra,
  report: string | undefined,
): string {
  const hertz = (values: ArrayLike<number>) => `${Math.round(strongest(values, frequencies))} Hz`;
  const inClasses = classes.length > 0;
  const rows = inClasses
    ? classes.map(({ label, count, mean }) => [label, String(count), hertz(mean)])
    : recordings.map(({ path }, index) => [
        basename(path),
        String(framesOf(shown, path)?.frames ?? ''),
        hertz(crs[index] as Float32Array),
      ]);
  const table = textTable(
    [
      { title: inClasses ? 'Class' : 'Recording' },
      { title: inClasses ? 'Recordings' : 'Frames', align: 'right' },
      { title: 'Strongest response', align: 'right' },
    ],
    rows,
  );
  const heard = setting.layers
    .map(({ name, filters, length }) => `${name} (${filters} filters of ${length})`)
    .join(', ');
  const written = report
    ? `\nReport: ${report}`
    : '\n--out FOLDER writes the spectra, their pictures and a report.';
  return `${table}\n\nResponses of ${heard} at ${setting.sampleRate} Hz.${written}`;
}
