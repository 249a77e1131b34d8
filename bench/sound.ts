import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Clip, crop, loadClip } from '../lib/audio/index.js';
import { evaluate } from '../lib/metrics/index.js';
import { packageRoot } from '../lib/setup/libtorch.js';
import { fit, type RecipeName, recipeNames } from '../lib/train/index.js';
import { machine, median } from './measure.js';

const RATE = 22_050;
const SAMPLES = 32_768;

/** How one recipe did on one recording. */
interface Row {
  readonly recipe: RecipeName;
  readonly recording: string;
  readonly seed: number;
  readonly steps: number;
  readonly parameters: number;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * What recipes make of recordings: all metrics and the seconds, a row each in
 * fewsound-out/bench-sound.jsonl. Rows that are there already are not computed again, so it can be
 * stopped at any time.
 *
 * @param given recordings, of which the loudest 32,768 samples at 22,050 Hz are taken, and names of
 *   recipes; default: the bundled one, and all
 */
export async function sound(
  { threads, steps }: { threads: number; steps: number },
  ...given: string[]
) {
  const isRecipe = (name: string): name is RecipeName => recipeNames.some((each) => each === name);
  const recipes = given.filter(isRecipe);
  const recordings = given.filter((name) => !isRecipe(name));
  if (recordings.length === 0) {
    recordings.push(join(packageRoot(), 'node_modules', 'audio-lena', 'lena.wav'));
  }
  const log = join('fewsound-out', 'bench-sound.jsonl');
  mkdirSync(dirname(log), { recursive: true });
  const known: Row[] = existsSync(log)
    ? readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
  const rows: Row[] = [];
  for (const recipe of recipes.length > 0 ? recipes : recipeNames) {
    for (const recording of recordings) {
      const seed = 1;
      const done = known.find(
        (row) =>
          row.recipe === recipe &&
          row.recording === basename(recording) &&
          (!Number.isFinite(steps) || row.steps === steps),
      );
      const row = done ?? (await measure(recipe, recording, seed, { threads, steps }));
      if (done === undefined) appendFileSync(log, `${JSON.stringify(row)}\n`);
      rows.push(row);
      console.error(JSON.stringify(row));
    }
  }
  const summary = Object.fromEntries(
    [...new Set(rows.map(({ recipe }) => recipe))].map((recipe) => {
      const own = rows.filter((row) => row.recipe === recipe);
      const of = (name: string) =>
        Number(median(own.map(({ metrics }) => metrics[name] ?? Number.NaN)).toFixed(4));
      const [siSnr, pesq, stoi, lsd] = ['siSnr', 'pesq', 'stoi', 'lsd'].map(of);
      return [recipe, { recordings: own.length, median: { siSnr, pesq, stoi, lsd } }];
    }),
  );
  return { benchmark: 'sound', ...machine(), summary, rows };
}

async function measure(
  recipe: RecipeName,
  recording: string,
  seed: number,
  { threads, steps }: { threads: number; steps: number },
): Promise<Row> {
  const clip = loudest(await loadClip(recording, { sampleRate: RATE }));
  const { network, ...result } = await fit(clip, {
    recipe,
    threads,
    network: { seed },
    ...(Number.isFinite(steps) && { steps }),
  });
  const metrics = await evaluate(clip, network.render(clip.length));
  const { parameterCount: parameters } = network;
  network.dispose();
  const { steps: done, seconds } = result;
  return {
    recipe,
    recording: basename(recording),
    seed,
    steps: done,
    parameters,
    seconds,
    metrics,
  };
}

/** The stretch with the most energy. */
function loudest(clip: Clip): Clip {
  const { samples } = clip;
  if (samples.length <= SAMPLES) return clip;
  let [energy, best, start] = [0, -1, 0];
  for (let i = 0; i < samples.length; i++) {
    energy +=
      (samples[i] as number) ** 2 - (i < SAMPLES ? 0 : (samples[i - SAMPLES] as number) ** 2);
    if (i >= SAMPLES - 1 && energy > best) [best, start] = [energy, i - SAMPLES + 1];
  }
  return crop(clip, start, SAMPLES);
}
