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
import { type AnalyzedSpectra, writeSpectraFiles } from './spectra-files.js';

/** Recordings whose course in time is kept and shown. */
const SHOWN = 12;

/** Recordings that are in memory at once. */
const AT_ONCE = 64;

/** Response spectra of recordings: `fewsound analyze spectra`. */
export async function analyzeSpectra(
  request: SpectraRequest,
  { signal }: CommandContext,
): Promise<CommandResult> {
  return scope(async () => {
    const model = await readAnalyzedModel(request.model);
    const other =
      request.against === undefined ? undefined : await readAnalyzedModel(request.against);
    const ear = earOf(model, request);
    const otherEar = other && earOf(other, request);
    const recordings = await listRecordings(request.recordings, request.classBy);
    if (request.difference && recordings.length !== 2) {
      throw new UsageError(
        `--difference is of two recordings, and there are ${recordings.length}.`,
      );
    }
    const heard = await hear(ear, recordings, request, signal);
    const classes = recordings[0]?.label === undefined ? [] : classesOf(heard, recordings);
    const differences = await differencesOf(request, heard, ear, otherEar, recordings, signal);
    const found: AnalyzedSpectra = {
      ...{ recordings, ...heard, classes, differences },
      setting: settingOf(ear, request, other?.name),
    };
    const files =
      request.out === undefined
        ? undefined
        : await writeSpectraFiles(request.out, model.name, found, request.axis);
    return {
      json: jsonOf(request, found, files),
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
  /** STRS and CRS of the first recordings. */
  readonly shown: readonly ResponseSpectra[];
}

/** Responses to all recordings; those of the first ones with their course in time. */
async function hear(
  { banks, rate }: Ear,
  recordings: readonly AnalyzedRecording[],
  request: SpectraRequest,
  signal: AbortSignal,
): Promise<Heard> {
  const { bins, axis, range, lowest, quality } = request;
  const options = { bins, axis, range, lowest, ...(quality !== undefined && { quality }) };
  const shown: ResponseSpectra[] = [];
  const crs: CumulativeResponses['crs'][number][] = [];
  let frequencies = new Float64Array();
  for (let first = 0; first < recordings.length; first += AT_ONCE) {
    const clips: Clip[] = [];
    for (const { path } of recordings.slice(first, first + AT_ONCE)) {
      clips.push(await loadRecording(path, rate, request.samples, signal));
    }
    const whole = clips.slice(0, Math.max(0, SHOWN - first));
    for (const response of responseSpectra(banks, whole, options)) {
      shown.push(response);
      crs.push(response.crs);
    }
    const rest = cumulativeResponses(banks, clips.slice(whole.length), options);
    crs.push(...rest.crs);
    frequencies = Float64Array.from(rest.frequencies);
  }
  return { shown, crs, frequencies };
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
  recordings: readonly AnalyzedRecording[],
  signal: AbortSignal,
): Promise<AnalyzedSpectra['differences']> {
  const named = (name: string, difference: ResponseDifference) => ({ name, ...difference });
  const file = (index: number) => basename(recordings[index]?.path ?? '');
  const between =
    request.difference && heard.shown[0] && heard.shown[1]
      ? [
          named(
            `${file(0)} minus ${file(1)}`,
            responseDifference(...cutToShorter(heard.shown[0], heard.shown[1])),
          ),
        ]
      : [];
  if (otherEar === undefined) return between;
  const others = await hear(otherEar, recordings.slice(0, heard.shown.length), request, signal);
  return [
    ...between,
    ...heard.shown.map((response, index) =>
      named(
        `${file(index)}: ${ear.name} minus ${otherEar.name}`,
        responseDifference(response, others.shown[index] as ResponseSpectra),
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
      ...(label !== undefined && { class: label }),
      ...(shown[index] && { frames: shown[index].times.length }),
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
        shown[index] ? String(shown[index].times.length) : '',
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
