import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clip, loadClip } from '../../lib/audio';
import { degrade, type Recipe } from './degrade';

const golden = join(__dirname, '..', 'golden');
const recordings = join(__dirname, '..', '..', '..', 'shared', 'data');

/** Scores by the Python packages: test/golden/perceptual.py. */
export interface GoldenScores {
  /** Wide band; null where no speech was found. */
  readonly pesq?: number | null;
  readonly narrow?: number | null;
  /** Narrow band of both signals at half their rate. */
  readonly half?: number | null;
  readonly stoi?: number;
  readonly estoi?: number;
  /** As if the samples were at 10 kHz. */
  readonly stoi10?: number;
  readonly estoi10?: number;
  readonly cdpam?: number;
  /** How far pystoi's own draws of the score before are apart; absent where they agree. */
  readonly estoiSpread?: number;
  readonly estoi10Spread?: number;
}

interface GoldenPair {
  readonly source: string;
  /** Of a recording that is not in the repository. */
  readonly shared?: boolean;
  readonly start: number;
  readonly samples: number;
  readonly degradation: string | Recipe;
  readonly scores: GoldenScores;
}

export interface LoadedPair {
  readonly name: string;
  readonly scores: GoldenScores;
  readonly rate: number;
  readonly reference: Float32Array;
  readonly degraded: Float32Array;
}

const { pairs } = JSON.parse(readFileSync(join(golden, 'perceptual.json'), 'utf8')) as {
  pairs: GoldenPair[];
};

export const hasRecordings = existsSync(recordings);

const loaded = new Map<string, Promise<Clip>>();

/** A recording as it is; most pairs share theirs. */
function recordingAt(path: string): Promise<Clip> {
  const known = loaded.get(path) ?? loadClip(path, { normalize: false });
  loaded.set(path, known);
  return known;
}

/** The pairs that have one of these scores, in the repository or of the recordings beside it. */
export async function goldenPairs(
  scores: readonly (keyof GoldenScores)[],
  { shared = false }: { shared?: boolean } = {},
): Promise<LoadedPair[]> {
  const wanted = pairs.filter(
    (pair) => (pair.shared ?? false) === shared && scores.some((name) => name in pair.scores),
  );
  return Promise.all(
    wanted.map(async ({ source, start, samples, degradation, scores: found }) => {
      const cut = async (path: string): Promise<Clip> => {
        const clip = await recordingAt(path);
        return { ...clip, samples: clip.samples.slice(start, start + samples) };
      };
      const clip = await cut(join(shared ? recordings : join(golden, 'speech'), source));
      const degraded =
        typeof degradation === 'string'
          ? (await cut(join(golden, 'speech', degradation))).samples
          : degrade(clip.samples, degradation);
      return {
        name: `${source} ${String(degradation)}`,
        scores: found,
        rate: clip.sampleRate,
        reference: clip.samples,
        degraded,
      };
    }),
  );
}

/** The largest distance of scores from the golden ones, with the pair that has it. */
export function furthest(
  distances: readonly { readonly name: string; readonly distance: number }[],
): { name: string; distance: number } {
  let most = { name: 'none', distance: 0 };
  for (const each of distances) {
    // Also where it is NaN.
    if (!(each.distance <= most.distance)) most = each;
  }
  return most;
}
