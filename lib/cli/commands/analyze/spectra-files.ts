import { basename } from 'node:path';
import type {
  ClassResponse,
  RecordingResponses,
  ResponseDifference,
} from '../../../analysis/index.js';
import { writeFileAtomic } from '../../../files.js';
import {
  differenceImage,
  type NamedResponse,
  type PngImage,
  responseClassesSvg,
  responseCurvesSvg,
  responseImage,
  writeAnalysisReport,
} from '../../../report/index.js';
import { scope, type Tensor, tensor, writeSafetensors } from '../../../tensor/index.js';
import { packageVersion } from '../../machine.js';
import { type FileWriter, RunFolder } from '../../runs/folder.js';
import type { AnalyzedRecording } from './recordings.js';

/** The results of `fewsound analyze spectra`. */
export interface AnalyzedSpectra extends RecordingResponses {
  readonly recordings: readonly AnalyzedRecording[];
  readonly classes: readonly ClassResponse[];
  readonly differences: readonly (ResponseDifference & { readonly name: string })[];
  readonly setting: {
    readonly layers: readonly { name: string; filters: number; length: number }[];
    readonly sampleRate: number;
    readonly [name: string]: unknown;
  };
}

/** Files of an analysis of spectra; absolute paths. */
export interface SpectraFiles {
  readonly report: string;
  readonly spectra: string;
  /** CRS of recordings, or of classes. */
  readonly crs: string;
  /** STRS of the recordings that are shown. */
  readonly strs: readonly string[];
  readonly differences: readonly string[];
}

/**
 * Writes pictures, curves, numbers and a report, all of them or none.
 *
 * @throws FewSoundError IO
 */
export async function writeSpectraFiles(
  out: string,
  model: string,
  found: AnalyzedSpectra,
  axis: 'fourier' | 'log',
): Promise<SpectraFiles> {
  const folder = await RunFolder.open(out);
  const { frequencies, classes, differences } = found;
  const shown = found.shown.map(({ recording, ...response }): NamedResponse => {
    const { path, label } = found.recordings[recording] as AnalyzedRecording;
    const file = basename(path);
    return { name: label === undefined ? file : `${label}: ${file}`, ...response };
  });
  const strs = shown.map((response, index) =>
    picture(`strs-${index}.png`, () => responseImage(response)),
  );
  const subtracted = differences.map((difference, index) =>
    picture(`difference-${index}.png`, () => differenceImage(difference)),
  );
  const crs = () =>
    classes.length > 0
      ? responseClassesSvg({ axis, frequencies, classes })
      : responseCurvesSvg(shown, axis);
  const writers: Record<string, FileWriter> = {
    ...Object.fromEntries([...strs, ...subtracted]),
    'crs.svg': async (path) => writeFileAtomic(path, await crs()),
    'spectra.safetensors': (path) => writeNumbers(path, found),
    'report.html': (path) =>
      writeAnalysisReport(path, {
        title: `What ${model} hears`,
        summary: summaryOf(found),
        responses: { axis, recordings: shown, surface: true },
        ...(classes.length > 0 && { classes: { axis, frequencies, classes } }),
        ...(differences.length > 0 && { differences: { axis, differences } }),
        facts: factsOf(model, found),
        version: packageVersion(),
      }),
  };
  const paths = await folder.write(writers);
  const path = (name: string) => paths[name] as string;
  return {
    report: path('report.html'),
    spectra: path('spectra.safetensors'),
    crs: path('crs.svg'),
    strs: strs.map(([name]) => path(name)),
    differences: subtracted.map(([name]) => path(name)),
  };
}

function picture(name: string, image: () => Promise<PngImage>): [string, FileWriter] {
  return [name, async (path) => writeFileAtomic(path, (await image()).png)];
}

function summaryOf({ setting, recordings, shown, classes }: AnalyzedSpectra): string {
  const layers = setting.layers.map(({ name }) => name).join(', ');
  const count = `${recordings.length} ${recordings.length === 1 ? 'recording' : 'recordings'}`;
  const grouped = classes.length > 0 ? ` in ${classes.length} classes` : '';
  const some = recordings.length > shown.length ? `, ${shown.length} of them shown over time` : '';
  return `Response spectra of ${layers} to ${count}${grouped}${some}.`;
}

function factsOf(model: string, { setting }: AnalyzedSpectra) {
  const { layers, ...others } = setting;
  return {
    Analysis: { model, ...others },
    Filters: Object.fromEntries(
      layers.map(({ name, filters, length }) => [name, `${filters} of ${length} samples`]),
    ),
  };
}

/**
 * All numbers: `frequencies`, `crs` [recordings, bins + 1]; of the i-th recording that is shown
 * `times.i`, `strs.i` [bins + 1, frames]; of class k `class.k.mean`, `class.k.deviation`; of
 * difference k `difference.k.strs`, `difference.k.crs`.
 */
function writeNumbers(path: string, found: AnalyzedSpectra): Promise<void> {
  const { frequencies, crs, shown, classes, differences, recordings } = found;
  return scope(() => {
    const bins = frequencies.length;
    const files = recordings.map(({ path: file }) => basename(file));
    const map = (values: Float32Array | Float64Array) =>
      tensor(values, { shape: [bins, values.length / bins] });
    const tensors = new Map<string, Tensor>([
      ['frequencies', tensor(frequencies)],
      [
        'crs',
        tensor(Float32Array.from(crs.flatMap((each) => [...each])), { shape: [crs.length, bins] }),
      ],
      ...shown.flatMap(({ times, strs }, i): [string, Tensor][] => [
        [`times.${i}`, tensor(times)],
        [`strs.${i}`, map(strs)],
      ]),
      ...classes.flatMap(({ mean, deviation }, k): [string, Tensor][] => [
        [`class.${k}.mean`, tensor(mean)],
        [`class.${k}.deviation`, tensor(deviation)],
      ]),
      ...differences.flatMap(({ strs, crs: curve }, k): [string, Tensor][] => [
        [`difference.${k}.strs`, map(strs)],
        [`difference.${k}.crs`, tensor(curve)],
      ]),
    ]);
    return writeSafetensors(path, tensors, {
      recordings: JSON.stringify(files),
      shown: JSON.stringify(shown.map(({ recording }) => files[recording])),
      classes: JSON.stringify(classes.map(({ label }) => label)),
      labels: JSON.stringify(recordings.map(({ label }) => label ?? null)),
      differences: JSON.stringify(differences.map(({ name }) => name)),
    });
  });
}
