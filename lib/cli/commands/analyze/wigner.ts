import { filterContours, type WignerVille, wignerVille } from '../../../analysis/index.js';
import { writeFileAtomic } from '../../../files.js';
import { type BankContours, contoursSvg, writeAnalysisReport } from '../../../report/index.js';
import { textTable } from '../../../report/text-table.js';
import { scope } from '../../../tensor/index.js';
import { defineCommand, letInterrupt } from '../../command.js';
import { argument, flag, integerFrom, real } from '../../flags/parsers.js';
import { packageVersion } from '../../machine.js';
import { RunFolder } from '../../runs/folder.js';
import { filtersOf, MODEL_ARGUMENT, outFlag, readAnalyzedModel, waveformFlags } from './model.js';

export const wigner = defineCommand({
  description: 'Contours of the Wigner-Ville distributions of filters that read the waveform.',
  examples: [
    'fewsound analyze wigner model.pth --out filters',
    'fewsound analyze wigner model.pth --sample-rate 16000 --json',
  ],
  inputs: {
    model: argument('<model>', MODEL_ARGUMENT),
    ...waveformFlags,
    most: flag('--filters <count>', 'those with the most energy; default: all', integerFrom(1)),
    threshold: flag(
      '--threshold <part>',
      "of each filter's highest value, from 0 to below 1",
      real,
      0.7,
    ),
    lagWindow: flag(
      '--lag-window <samples>',
      'smooth over frequency; odd; default: not',
      integerFrom(1),
    ),
    timeWindow: flag(
      '--time-window <samples>',
      'smooth over time; odd; default: not',
      integerFrom(1),
    ),
    out: outFlag,
  },
  run: ({ model: path, most, threshold, lagWindow, timeWindow, out, ...waveform }, { signal }) =>
    scope(async () => {
      const model = await readAnalyzedModel(path);
      const { layers, banks, sampleRate } = filtersOf(model, waveform);
      const smoothing = { lagWindow, timeWindow };
      const found: Filter[] = [];
      await letInterrupt(signal);
      for (const [bank, filters] of banks.entries()) {
        const layer = layers[bank] as string;
        const distributions = wignerVille(filters, smoothing);
        await letInterrupt(signal);
        for (const [index, contour] of filterContours(distributions, { threshold }).entries()) {
          const peak = highest(distributions[index] as WignerVille);
          found.push({ layer, index, ...contour, peak });
        }
        await letInterrupt(signal);
      }
      const kept = new Set(
        [...found].sort((a, b) => b.energy - a.energy).slice(0, most ?? found.length),
      );
      const filters = found.filter((filter) => kept.has(filter));
      const contours = layers.map((name, bank): BankContours => {
        const duration = (banks[bank]?.filters.shape[1] as number) / sampleRate;
        const own = filters.filter(({ layer }) => layer === name);
        return { name, sampleRate, threshold, duration, filters: own };
      });
      const files = out === undefined ? undefined : await writeFiles(out, model.name, contours);
      return {
        json: { model: path, layers, sampleRate, threshold, ...smoothing, filters, files },
        text: describe(filters, sampleRate, files?.report),
      };
    }),
});

interface Filter {
  readonly layer: string;
  readonly index: number;
  readonly energy: number;
  readonly grey: number;
  /** Where the distribution is highest. */
  readonly peak: { readonly seconds: number; readonly hertz: number };
  readonly polygons: readonly (readonly (readonly [seconds: number, hertz: number])[])[];
}

function highest({ values, times, frequencies }: WignerVille): Filter['peak'] {
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

async function writeFiles(out: string, model: string, contours: readonly BankContours[]) {
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
  const paths: Record<string, string> = await folder.write(writers);
  return {
    report: paths['report.html'] as string,
    contours: pictures.map(({ name }) => paths[name]),
  };
}
