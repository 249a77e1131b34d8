import { basename } from 'node:path';
import { type ResponseSpectra, responseSpectra, waveformFilters } from '../analysis/index.js';
import { type Clip, loadClip } from '../audio/index.js';
import { FewSoundError } from '../native/errors.js';
import { writeFileAtomic } from '../native/index.js';
import {
  type ReportedResponse,
  responseCurvesSvg,
  responseImage,
  writeAnalysisReport,
} from '../report/index.js';
import { textTable } from '../report/text-table.js';
import { scope, tensor, writeSafetensors } from '../tensor/index.js';
import type { SpectraRequest } from './analyze-command.js';
import { agreedRate, hearingLayers, readAnalyzedModel } from './analyzed-model.js';
import type { CommandContext, CommandResult } from './command-context.js';
import { RunFolder } from './run-folder.js';
import { packageVersion } from './versions.js';

/** Recordings that the report shows. */
const SHOWN = 12;

/** Response spectra of recordings: `fewsound analyze spectra`. */
export async function analyzeSpectra(
  request: SpectraRequest,
  { signal }: CommandContext,
): Promise<CommandResult> {
  return scope(async () => {
    const model = await readAnalyzedModel(request.model);
    const layer = hearingLayers(model, request.layer);
    const rate = agreedRate(model, request.sampleRate);
    const clips = await loadRecordings(request, rate, signal);
    const { sampleRate } = clips[0] as Clip;
    const { stride, bins, axis, range } = request;
    const { banks } = waveformFilters(model.state, { layer, stride, sampleRate });
    const spectra = responseSpectra(banks, clips, { bins, axis, range });
    const recordings = request.recordings.map((file, index) => {
      const { frequencies, times, crs } = spectra[index] as ResponseSpectra;
      return {
        file,
        samples: (clips[index] as Clip).length,
        frames: times.length,
        strongestHertz: strongest(crs, frequencies),
        crs: [...crs],
      };
    });
    const layers = banks.map(({ filters }, index) => ({
      name: layer[index],
      filters: filters.shape[0],
      length: filters.shape[1],
    }));
    const facts = { layers, sampleRate, stride, bins, axis, range };
    const files =
      request.out === undefined
        ? undefined
        : await writeFiles(request.out, model.name, request, spectra, facts);
    const json = {
      ...{ model: request.model, ...facts },
      frequencies: [...(spectra[0] as ResponseSpectra).frequencies],
      recordings,
      ...(files && { files }),
    };
    return { json, text: describe(recordings, facts, files) };
  });
}

type Facts = Pick<SpectraRequest, 'stride' | 'bins' | 'axis' | 'range'> & {
  readonly sampleRate: number;
  readonly layers: readonly { name?: string; filters?: number; length?: number }[];
};

async function loadRecordings(
  { recordings }: SpectraRequest,
  rate: number | undefined,
  signal: AbortSignal,
): Promise<Clip[]> {
  const clips: Clip[] = [];
  for (const recording of recordings) {
    // The rate that was asked for resamples; the one that only the recordings have does not.
    const options = { normalize: false, signal, ...(rate !== undefined && { sampleRate: rate }) };
    clips.push(await loadClip(recording, options));
  }
  const [first] = clips;
  const other = clips.find(({ sampleRate }) => sampleRate !== first?.sampleRate);
  if (first !== undefined && other !== undefined) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${basename(first.source ?? 'the first recording')} is at ${first.sampleRate} Hz, ${basename(other.source ?? 'another')} at ${other.sampleRate} Hz. Give --sample-rate with the rate of the model to resample them.`,
      { field: 'sampleRate' },
    );
  }
  return clips;
}

function strongest(crs: ArrayLike<number>, frequencies: Float64Array): number {
  let best = 0;
  for (let i = 0; i < crs.length; i++) if ((crs[i] as number) > (crs[best] as number)) best = i;
  return frequencies[best] as number;
}

function describe(
  recordings: readonly { file: string; frames: number; strongestHertz: number }[],
  { layers, sampleRate }: Facts,
  files: Readonly<Record<string, unknown>> | undefined,
): string {
  const rows = recordings.map(({ file, frames, strongestHertz }) => [
    basename(file),
    String(frames),
    `${Math.round(strongestHertz)} Hz`,
  ]);
  const table = textTable(
    [
      { title: 'Recording' },
      { title: 'Frames', align: 'right' },
      { title: 'Strongest response', align: 'right' },
    ],
    rows,
  );
  const heard = layers
    .map(({ name, filters, length }) => `${name} (${filters} filters of ${length})`)
    .join(', ');
  const written = files
    ? `\nReport: ${String(files.report)}`
    : '\n--out FOLDER writes the spectra, their pictures and a report.';
  return `${table}\n\nResponses of ${heard} at ${sampleRate} Hz.${written}`;
}

async function writeFiles(
  out: string,
  model: string,
  { recordings, axis }: SpectraRequest,
  spectra: readonly ResponseSpectra[],
  { layers, ...facts }: Facts,
) {
  const folder = await RunFolder.open(out);
  const shown: ReportedResponse[] = spectra
    .slice(0, SHOWN)
    .map((response, index) => ({ name: basename(recordings[index] as string), ...response }));
  const pictures = shown.map((response, index) => ({ response, name: `strs-${index}.png` }));
  const writers = {
    ...Object.fromEntries(
      pictures.map(({ response, name }) => [
        name,
        async (path: string) => writeFileAtomic(path, (await responseImage(response)).png),
      ]),
    ),
    'crs.svg': async (path: string) => writeFileAtomic(path, await responseCurvesSvg(shown, axis)),
    'spectra.safetensors': (path: string) => writeSpectra(path, recordings, spectra),
    'report.html': (path: string) =>
      writeAnalysisReport(path, {
        title: `What ${model} hears`,
        summary: `Response spectra of ${layers.map(({ name }) => name).join(', ')} to ${recordings.length} ${recordings.length === 1 ? 'recording' : 'recordings'}${recordings.length > SHOWN ? `, of which the first ${SHOWN} are shown` : ''}.`,
        responses: { axis, recordings: shown, surface: true },
        facts: {
          Analysis: facts,
          Filters: Object.fromEntries(
            layers.map(({ name, filters, length }) => [name, `${filters} of ${length} samples`]),
          ),
        },
        version: packageVersion(),
      }),
  };
  const names = Object.fromEntries(Object.keys(writers).map((name) => [name, name]));
  const paths = await folder.write(writers, names);
  return {
    report: paths['report.html'],
    spectra: paths['spectra.safetensors'],
    crs: paths['crs.svg'],
    strs: pictures.map(({ name }) => paths[name]),
  };
}

/** All numbers: `frequencies`, and of recording i `times.i`, `strs.i` [bins + 1, frames], `crs.i`. */
function writeSpectra(
  path: string,
  recordings: readonly string[],
  spectra: readonly ResponseSpectra[],
): Promise<void> {
  return scope(() => {
    const tensors = new Map([
      ['frequencies', tensor((spectra[0] as ResponseSpectra).frequencies)],
      ...spectra.flatMap(({ times, strs, crs, frequencies }, index) => [
        [`times.${index}`, tensor(times)] as const,
        [`strs.${index}`, tensor(strs, { shape: [frequencies.length, times.length] })] as const,
        [`crs.${index}`, tensor(crs)] as const,
      ]),
    ]);
    return writeSafetensors(path, tensors, {
      recordings: JSON.stringify(recordings.map((recording) => basename(recording))),
    });
  });
}
