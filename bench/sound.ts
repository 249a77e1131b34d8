import { basename } from 'node:path';
import { largestMdct } from '../lib/analysis/index.js';
import type { Clip } from '../lib/audio/index.js';
import { evaluate } from '../lib/metrics/index.js';
import { formatMetric, paperColumns } from '../lib/metrics/registry.js';
import { metricTitle } from '../lib/report/tables.js';
import { markdownTable } from '../lib/report/text-table.js';
import { fit, type RecipeName, recipeFor, recipeNames } from '../lib/train/index.js';
import { machine, median } from './measure.js';
import { bundledRecording, clipOf } from './recordings.js';
import { resumableRows } from './resumable-rows.js';

/** How one recipe did on one recording. */
interface Row {
  /** Or `mdct`: as many numbers as the network beside it, without a network. */
  readonly recipe: RecipeName | 'mdct';
  /** Of the recipe; absent in rows of before there were several. */
  readonly version?: number;
  readonly recording: string;
  readonly seed: number;
  readonly steps: number;
  readonly parameters: number;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

interface Settings {
  readonly threads: number;
  /** NaN for the recipe's own. */
  readonly steps: number;
  /** Seeds 1 to this. */
  readonly seeds: number;
}

/**
 * What recipes make of recordings, each with several seeds: all metrics and the seconds, a row each
 * in fewsound-out/bench-sound.jsonl, and a table of medians on standard error. Rows that are there
 * already are not computed again, so it can be stopped at any time. Beside them the MDCT with as
 * many numbers.
 *
 * @param given recordings, of which the loudest 32,768 samples at 22,050 Hz are taken, or with
 *   `@SECONDS` behind the name those from there on; and names of recipes; default: the bundled one,
 *   and all
 */
export async function sound(settings: Settings, ...given: string[]) {
  const isRecipe = (name: string): name is RecipeName => recipeNames.some((each) => each === name);
  const named = given.filter(isRecipe);
  const recipes = named.length > 0 ? named : recipeNames;
  const recordings = given.filter((name) => !isRecipe(name));
  if (recordings.length === 0) {
    recordings.push(bundledRecording());
  }
  const rows: Row[] = [];
  const take = resumableRows('sound', rows, keyOf);
  for (const recipe of recipes) {
    const { version, fit: options } = recipeFor(recipe);
    const steps = Number.isFinite(settings.steps) ? settings.steps : (options.steps ?? 1000);
    for (let seed = 1; seed <= settings.seeds; seed++) {
      for (const recording of recordings) {
        const wanted = { recipe, version, recording: basename(recording), seed, steps };
        await take(wanted, async () => {
          return fitted(recipe, await clipOf(recording), {
            seed,
            steps,
            threads: settings.threads,
          });
        });
      }
    }
  }
  const numbers = median(rows.map(({ parameters }) => parameters));
  for (const recording of recordings) {
    const wanted = { recipe: 'mdct', recording: basename(recording), seed: 1, steps: 0 } as const;
    await take(wanted, async () => transformed(await clipOf(recording), numbers));
  }
  const summary = summaries(rows);
  console.error(tableOf(summary));
  return { benchmark: 'sound', ...machine(), summary, rows };
}

type Measured = 'parameters' | 'seconds' | 'metrics';

const keyOf = ({ recipe, version = 1, recording, seed, steps }: Omit<Row, Measured>): string =>
  [recipe, version, recording, seed, steps].join('\n');

async function fitted(
  recipe: RecipeName,
  clip: Clip,
  { seed, steps, threads }: { seed: number; steps: number; threads: number },
): Promise<Pick<Row, Measured>> {
  const { network, attempts, seconds } = await fit(clip, {
    ...{ recipe, threads, steps, network: { seed } },
  });
  const metrics = await evaluate(clip, network.render(clip.length));
  const { parameterCount: parameters } = network;
  network.dispose();
  // Those before the last are part of what it takes.
  const all = attempts?.reduce((sum, attempt) => sum + attempt.seconds, 0) ?? seconds;
  return { parameters, seconds: all, metrics };
}

async function transformed(clip: Clip, most: number): Promise<Pick<Row, Measured>> {
  const { samples, numbers } = largestMdct(clip, most);
  return { parameters: numbers, seconds: 0, metrics: await evaluate(clip, samples) };
}

interface Summary {
  readonly recordings: number;
  readonly seeds: number;
  readonly steps: number;
  readonly parameters: number;
  readonly seconds: number;
  /** Medians over recordings of the medians over seeds. */
  readonly median: Readonly<Record<string, number>>;
  /** SI-SNR of the recording that it does least for, dB. */
  readonly lowest: number;
}

const COLUMNS = ['siSnr', ...paperColumns.filter((name) => name !== 'siSnr')];

function summaries(rows: readonly Row[]): Record<string, Summary> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = row.steps === 0 ? row.recipe : `${row.recipe}, ${row.steps} steps`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return Object.fromEntries(
    [...groups].map(([name, own]): [string, Summary] => {
      const recordings = [...new Set(own.map(({ recording }) => recording))];
      const ofEach = (value: (row: Row) => number) =>
        recordings.map((each) =>
          median(own.filter(({ recording }) => recording === each).map(value)),
        );
      const metric = (key: string) => ofEach(({ metrics }) => metrics[key] ?? Number.NaN);
      return [
        name,
        {
          recordings: recordings.length,
          seeds: new Set(own.map(({ seed }) => seed)).size,
          steps: own[0]?.steps ?? 0,
          parameters: median(ofEach(({ parameters }) => parameters)),
          seconds: median(ofEach(({ seconds }) => seconds)),
          median: Object.fromEntries(COLUMNS.map((key) => [key, median(metric(key))])),
          lowest: Math.min(...metric('siSnr')),
        },
      ];
    }),
  );
}

function tableOf(summary: Readonly<Record<string, Summary>>): string {
  const titles = ['Recipe', 'Parameters', ...COLUMNS.map(metricTitle), 'Lowest SI-SNR', 'Seconds'];
  const rows = Object.entries(summary).map(([name, { parameters, median, lowest, seconds }]) => [
    ...[name, String(parameters)],
    ...COLUMNS.map((key) => formatMetric(key, median[key])),
    ...[formatMetric('siSnr', lowest), seconds.toFixed(1)],
  ]);
  return markdownTable(titles, rows);
}
