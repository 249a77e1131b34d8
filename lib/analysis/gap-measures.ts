import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { Generator, ops, scope, type Tensor } from '../tensor/index.js';
import { atomSpectrum, degrees, unitAtoms } from './dictionary-metrics.js';

/** How far directions are from the nearest atom; angles in degrees. */
export interface GapMeasures {
  /** The largest angle found between a direction and its nearest atom (either sign). */
  readonly betaGap: number;
  /** cos betaGap. */
  readonly muGap: number;
  /** Mean angle between a random direction and its nearest atom. */
  readonly betaGapAvg: number;
  /** Whether betaGap is exact and not searched: 90 where the atoms do not span the space. */
  readonly exact: boolean;
}

export interface GapMeasuresOptions {
  /** Random directions to start from. Default 4096. */
  directions?: number;
  /** Steps in which the worst directions move away from their nearest atoms. Default 200. */
  steps?: number;
  /** Default 0. */
  seed?: number;
}

const schema = optionsObject({
  directions: wholeNumber(1, 2 ** 22).default(4096),
  steps: wholeNumber(0, 1_000_000).default(200),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
});

/** How many of the worst directions to follow. */
const FOLLOWED = 64;

/**
 * The gap of a dictionary (Skretting and Engan 2011): the angle between the direction that the
 * atoms represent worst and the atom nearest to it. There is no formula for it: the worst of many
 * random directions take shrinking random steps wherever these lead farther from their nearest
 * atom. The result is a lower bound of the angle. Same seed, same result.
 *
 * @param atoms [dimension, atoms]; atoms that are zero or not finite are left out
 * @returns NaN for every figure where no atom is left
 * @throws FewSoundError SHAPE_MISMATCH, INVALID_ARGUMENT
 */
export function gapMeasures(atoms: Tensor, options: GapMeasuresOptions = {}): GapMeasures {
  const { directions, steps, seed } = parseOptions(schema, options, 'gapMeasures options');
  return scope(() => {
    const { rows } = unitAtoms(atoms);
    const [count, dimension] = rows.shape as [number, number];
    if (count === 0) {
      const none = Number.NaN;
      return { betaGap: none, muGap: none, betaGapAvg: none, exact: false };
    }
    const columns = rows.transpose();
    const nearness = (points: Tensor) => points.matmul(columns).abs().max(1); // [points]
    const generator = new Generator(seed);
    const draw = (points: number) =>
      unit(ops.randn([points, dimension], { generator, dtype: 'float64' }));
    const drawn = draw(directions);
    const near = nearness(drawn);
    const betaGapAvg = (near.clamp(null, 1).acos().mean().item() * 180) / Math.PI;
    if (atomSpectrum(rows).rank < dimension)
      return { betaGap: 90, muGap: 0, betaGapAvg, exact: true };

    const chosen = near.topk(Math.min(FOLLOWED, directions), { largest: false });
    let points = drawn.indexSelect(0, chosen.indices);
    let worst = chosen.values;
    for (let step = 0; step < steps; step++) {
      [points, worst] = scope(() => {
        const reach = 0.5 * (1 - step / steps) ** 2;
        const moved = unit(points.add(draw(points.shape[0] as number).mul(reach)));
        const found = nearness(moved);
        const farther = found.lt(worst);
        return [
          ops.where(farther.unsqueeze(1), moved, points),
          ops.where(farther, found, worst),
        ] as const;
      });
    }
    const muGap = Math.min(1, worst.min().item());
    return { betaGap: degrees(muGap), muGap, betaGapAvg, exact: false };
  });
}

function unit(points: Tensor): Tensor {
  return points.div(points.norm(2, 1, true).clamp(1e-300));
}
