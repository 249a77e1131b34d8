import type { Command } from 'commander';
import { filterContours, waveformFilters, wignerVille } from '../../../analysis/index.js';
import { writeFileAtomic } from '../../../files.js';
import { contoursSvg, type ReportedContours, writeAnalysisReport } from '../../../report/index.js';
import { textTable } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import type { CommandResult, Execute } from '../../command.js';
import { integerFrom, real } from '../../flags/parsers.js';
import { packageVersion } from '../../machine.js';
import { RunFolder } from '../../runs/folder.js';
import {
  addWaveformFlags,
  hearingLayers,
  hearingRate,
  MODEL_ARGUMENT,
  OUT_FLAG,
  ofModel,
  readAnalyzedModel,
  type WaveformFlags,
} from './model.js';

/** Where the filters of a model have their energy. */
export interface WignerRequest extends WaveformFlags {
  readonly model: string;
  /** Those with the most energy; absent: all. */
  readonly filters?: number;
  /** Part of each filter's highest value. */
  readonly threshold: number;
  /** Samples of a window over the lag. */
  readonly lagWindow?: number;
  /** Samples of a window over time. */
  readonly timeWindow?: number;
  readonly out?: string;
}

/** `fewsound analyze wigner`: declares it; the work is loaded when it is called. */
export function addAnalyzeWigner(analyze: Command, execute: Execute): void {
  const command = analyze
    .command('wigner')
    .argument('<model>', MODEL_ARGUMENT)
    .summary('where filters have their energy over time and frequency')
    .description('Contours of the Wigner-Ville distributions of filters that read the waveform.');
  addWaveformFlags(command)
    .option('--filters <count>', 'those with the most energy; default: all', integerFrom(1))
    .option('--threshold <part>', "of each filter's highest value, from 0 to below 1", real, 0.7)
    .option('--lag-window <samples>', 'smooth over frequency; odd; default: not', integerFrom(1))
    .option('--time-window <samples>', 'smooth over time; odd; default: not', integerFrom(1))
    .option(...OUT_FLAG);
  command.action((model: string) =>
    execute(command, async () => {
      const flags = command.opts<Omit<WignerRequest, 'model'>>();
      return analyzeWigner({ ...flags, model });
    }),
  );
}

interface Filter {
  readonly layer: string;
  readonly index: number;
  readonly energy: number;
  readonly grey: number;
  /** Where the distribution is highest. */
  readonly peak: { readonly seconds: number; readonly hertz: number };
  readonly polygons: readonly (readonly (readonly [seconds: number, hertz: number])[])[];
}

/** Wigner-Ville contours of filters: `fewsound analyze wigner`. */
export async function analyzeWigner(request: WignerRequest): Promise<CommandResult> {
  return scope(async () => {
    const model = await readAnalyzedModel(request.model);
    const layers = hearingLayers(model, request.layer);
    const { sampleRate } = hearingRate(model, request.sampleRate);
    const { threshold, lagWindow, timeWindow } = request;
    const { banks } = ofModel(model.name, () =>
      waveformFilters(model.state, { layer: layers, sampleRate }),
    );
    const smoothing = {
      ...(lagWindow !== undefined && { lagWindow }),
      ...(timeWindow !== undefined && { timeWindow }),
    };
    const durations = banks.map(({ filters }) => (filters.shape[1] as number) / sampleRate);
    const distributions = banks.map((bank) => wignerVille(bank, smoothing));
    const found = layers.flatMap((layer, bank) => {
      const ofBank = distributions[bank] ?? [];
      return filterContours(ofBank, { threshold }).map((contour, index): Filter => {
        const peak = highest(ofBank[index] as (typeof ofBank)[number]);
        return { layer, index, ...contour, peak };
      });
    });
    const kept = new Set(
      [...found].sort((a, b) => b.energy - a.energy).slice(0, request.filters ?? found.length),
    );
    const filters = found.filter((filter) => kept.has(filter));
    const contours = layers.map(
      (name, bank): ReportedContours => ({
        ...{ name, sampleRate, threshold, duration: durations[bank] as number },
        filters: filters.filter(({ layer }) => layer === name),
      }),
    );
    const files =
      request.out === undefined ? undefined : await writeFiles(request.out, model.name, contours);
    return {
      json: {
        ...{ model: request.model, layers, sampleRate, threshold, ...smoothing, filters },
        ...(files && { files }),
      },
      text: describe(filters, sampleRate, files?.report),
    };
  });
}

function highest({
  values,
  times,
  frequencies,
}: {
  values: Float64Array;
  times: Float64Array;
  frequencies: Float64Array;
}): Filter['peak'] {
  let best = 0;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return {
    seconds: times[best % times.length] as number,
    hertz: frequencies[Math.floor(best / times.length)] as number,
  };
}

function describe(
  filters: readonly Filter[],
  sampleRate: number,
  report: string | undefined,
): string {
  const rows = filters.map(({ layer, index, energy, peak, polygons }) => [
    `${layer} ${index}`,
    energy.toPrecision(3),
    `${Math.round(peak.hertz)} Hz`,
    `${(peak.seconds * 1000).toFixed(2)} ms`,
    String(polygons.length),
  ]);
  const table = textTable(
    [
      { title: 'Filter' },
      { title: 'Energy', align: 'right' },
      { title: 'Peak at', align: 'right' },
      { title: '', align: 'right' },
      { title: 'Contours', align: 'right' },
    ],
    rows,
  );
  const written = report ? `Report: ${report}` : '--out FOLDER writes the contours as a picture.';
  return `${table}\n\nFilters at ${sampleRate} Hz. ${written}`;
}

async function writeFiles(out: string, model: string, contours: readonly ReportedContours[]) {
  const folder = await RunFolder.open(out);
  const shown = contours.filter(({ filters }) => filters.length > 0);
  const pictures = shown.map((bank, index) => ({ bank, name: `wigner-${index}.svg` }));
  const writers = {
    ...Object.fromEntries(
      pictures.map(({ bank, name }) => [
        name,
        async (path: string) => writeFileAtomic(path, await contoursSvg(bank)),
      ]),
    ),
    'report.html': (path: string) =>
      writeAnalysisReport(path, {
        title: `The filters of ${model}`,
        summary: `Wigner-Ville distributions of ${shown.map(({ name }) => name).join(', ')}: where each filter has its energy.`,
        contours: shown,
        version: packageVersion(),
      }),
  };
  const names = Object.fromEntries(Object.keys(writers).map((name) => [name, name]));
  const paths = await folder.write(writers, names);
  return {
    report: paths['report.html'] as string,
    contours: pictures.map(({ name }) => paths[name]),
  };
}
