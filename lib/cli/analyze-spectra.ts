import { basename } from 'node:path';
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
} from '../analysis/index.js';
import type { Clip } from '../audio/index.js';
import { textTable } from '../report/text-table.js';
import { scope } from '../tensor/index.js';
import type { SpectraRequest } from './analyze-spectra-command.js';
import {
  type AnalyzedModel,
  hearingLayers,
  hearingRate,
  ofModel,
  readAnalyzedModel,
} from './analyzed-model.js';
import { type AnalyzedRecording, listRecordings, loadRecording } from './analyzed-recordings.js';
import { type CommandContext, type CommandResult, UsageError } from './command-context.js';
import { warnOfLeftOut } from './left-out.js';
import { type AnalyzedSpectra, type ShownResponse, writeSpectraFiles } from './spectra-files.js';

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
