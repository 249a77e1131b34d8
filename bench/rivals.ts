import { basename } from 'node:path';
import type { Clip } from '../lib/audio/index.js';
import { evaluate } from '../lib/metrics/index.js';
import { createInr, type InrKind } from '../lib/nn/index.js';
import { fit, type RecipeName, recipeFor } from '../lib/train/index.js';
import { followRules } from '../lib/train/recipes.js';
import { machine } from './measure.js';
import { clipOf } from './recordings.js';
import { resumableRows } from './resumable-rows.js';

/** What is tried of a baseline: rates of learning, with options of the network. */
interface Candidates {
  readonly kind: InrKind;
  readonly options?: Readonly<Record<string, number>>;
  readonly rates: readonly number[];
}

/** Rates a factor of two or three apart, and the scales of frequencies that decide what a network can be. */
const CANDIDATES: readonly Candidates[] = [
  { kind: 'nerf', rates: [1e-3, 3e-3, 5e-3] },
  { kind: 'siren', options: { omega0: 2000 }, rates: [1e-4, 3e-4, 5e-4] },
  { kind: 'siren', options: { omega0: 1000 }, rates: [3e-4] },
  { kind: 'siren', options: { omega0: 4000 }, rates: [3e-4] },
  { kind: 'finer', options: { omega0: 30 }, rates: [1e-4, 3e-4, 1e-3] },
  { kind: 'finer', options: { omega0: 300 }, rates: [1e-4, 3e-4] },
  { kind: 'finer', options: { omega0: 1000 }, rates: [1e-4, 3e-4] },
  { kind: 'finer', options: { omega0: 2000 }, rates: [1e-4] },
  { kind: 'rff', options: { sigma: 10 }, rates: [3e-3] },
  { kind: 'rff', options: { sigma: 100 }, rates: [3e-3] },
  { kind: 'rff', options: { sigma: 300 }, rates: [1e-3, 3e-3] },
  { kind: 'rff', options: { sigma: 1000 }, rates: [1e-3, 3e-3] },
  { kind: 'rff', options: { sigma: 3000 }, rates: [3e-3] },
  { kind: 'wire', options: { omega0: 10 }, rates: [3e-4] },
  { kind: 'wire', options: { omega0: 100 }, rates: [1e-4, 3e-4] },
  { kind: 'wire', options: { omega0: 1000 }, rates: [3e-4] },
];

/** By a recipe: the scales that were found above, and rates about theirs. */
const BY_RECIPE: readonly Candidates[] = [
  { kind: 'nerf', rates: [3e-3] },
  { kind: 'siren', rates: [3e-4] },
  { kind: 'finer', rates: [1e-4, 2e-4, 4e-4] },
  { kind: 'rff', rates: [3e-3] },
];

interface Wanted {
  readonly recording: string;
  /** Absent in rows of before there were others than the paper's settings. */
  readonly recipe?: RecipeName;
  readonly kind: InrKind;
  readonly options: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly steps: number;
}

interface Row extends Wanted {
  /** null where the fit ended by a loss that is not finite. */
  readonly loss: number | null;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly secondsPerStep: number;
}

/**
 * What the baselines make of recordings with other rates of learning and other scales of their
 * frequencies, seed 1: how `defaultLearningRates` and the rows of the tables were chosen. At a
 * constant rate with the paper's loss, or by what a recipe gives a KAN: its loss, schedule and
 * shares, its envelope, its frequencies for a NeRF. Resumable.
 *
 * @param given recordings as for `sound`, and names of networks; default: all of them
 */
export async function rivals(
  { threads, steps, recipe }: { threads: number; steps: number; recipe: RecipeName },
  ...given: string[]
) {
  const candidates = recipe === 'paper' ? CANDIDATES : BY_RECIPE;
  const isKind = (name: string) => candidates.some(({ kind }) => kind === name);
  const kinds = given.filter(isKind);
  const rows: Row[] = [];
  const take = resumableRows<Wanted, Row>('rivals', rows, (row) =>
    JSON.stringify([
      ...[row.recording, row.kind, row.options, row.learningRate, row.steps],
      ...(row.recipe === undefined || row.recipe === 'paper' ? [] : [row.recipe]),
    ]),
  );
  for (const recording of given.filter((name) => !isKind(name))) {
    const clip = await clipOf(recording);
    for (const { kind, options = {}, rates } of candidates) {
      if (kinds.length > 0 && !kinds.includes(kind)) continue;
      for (const learningRate of rates) {
        const wanted = {
          recording: basename(recording),
          recipe,
          kind,
          options,
          learningRate,
          steps,
        };
        await take(wanted, async () => {
          try {
            return await fitted(clip, wanted, threads);
          } catch (error) {
            console.error(error);
            return { loss: null, metrics: {}, secondsPerStep: 0 };
          }
        });
      }
    }
  }
  return { benchmark: 'rivals', ...machine(), threads, steps, rows };
}

async function fitted(
  clip: Clip,
  { kind, options, learningRate, steps, recipe = 'paper' }: Wanted,
  threads: number,
): Promise<Omit<Row, keyof Wanted>> {
  const { encodingFrequencies, envelope } = recipeFor(recipe).network;
  const rules = kind === 'nerf' ? { encodingFrequencies, envelope } : { envelope };
  using network = createInr(kind, { ...options, ...followRules(rules, clip), seed: 1 });
  const course = { ...recipeFor(recipe).fit, steps, learningRate, threads };
  const { loss, secondsPerStep } = await fit(network, clip, course);
  const estimate = network.render(clip.length);
  return { loss, metrics: await evaluate(clip, estimate), secondsPerStep };
}
