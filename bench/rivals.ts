import { basename } from 'node:path';
import { evaluate } from '../lib/metrics/index.js';
import { createInr, type InrKind } from '../lib/nn/index.js';
import { fit } from '../lib/train/index.js';
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

interface Wanted {
  readonly recording: string;
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
 * frequencies, seed 1, at a constant rate: how `defaultLearningRates` and the rows of the tables
 * were chosen. Resumable.
 *
 * @param given recordings as for `sound`, and names of networks; default: all of them
 */
export async function rivals(
  { threads, steps }: { threads: number; steps: number },
  ...given: string[]
) {
  const isKind = (name: string) => CANDIDATES.some(({ kind }) => kind === name);
  const kinds = given.filter(isKind);
  const rows: Row[] = [];
  const take = resumableRows<Wanted, Row>('rivals', rows, (row) =>
    JSON.stringify([row.recording, row.kind, row.options, row.learningRate, row.steps]),
  );
  for (const recording of given.filter((name) => !isKind(name))) {
    const clip = await clipOf(recording);
    for (const { kind, options = {}, rates } of CANDIDATES) {
      if (kinds.length > 0 && !kinds.includes(kind)) continue;
      for (const learningRate of rates) {
        const wanted = { recording: basename(recording), kind, options, learningRate, steps };
        await take(wanted, async () => {
          using network = createInr(kind, { ...options, seed: 1 });
          try {
            const course = await fit(network, clip, { steps, learningRate, threads });
            const { loss, secondsPerStep } = course;
            return {
              loss,
              metrics: await evaluate(clip, network.render(clip.length)),
              secondsPerStep,
            };
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
