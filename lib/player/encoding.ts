import type { Architecture, Weights } from './weights.js';

/** What the first layer sees of a time. */
export interface Encoding {
  readonly features: number;
  encode(t: number, features: Float64Array): void;
}

/** The rounding of the network's own arithmetic. */
function roundingOf(weights: Weights): (value: number) => number {
  return weights.single ? Math.fround : (value) => value;
}

/** The time itself. */
export const timeAlone: Encoding = {
  features: 1,
  encode(t, features) {
    features[0] = t;
  },
};

/**
 * [sin(f_0 t) … sin(f_{L-1} t), cos(f_0 t) … cos(f_{L-1} t)]. The phases are rounded as the network
 * rounds them: of a high frequency that is what moves the result most.
 */
export function positionalEncoding(architecture: Architecture, weights: Weights): Encoding {
  const given = architecture.numbers('encodingFrequencies').length;
  const count = given > 0 ? given : architecture.number('encoding', 1);
  const frequencies = weights.take('encoding.frequencies', [count]);
  const round = roundingOf(weights);
  return {
    features: 2 * count,
    encode(t, features) {
      for (let i = 0; i < count; i++) {
        const phase = round(t * (frequencies[i] as number));
        features[i] = Math.sin(phase);
        features[count + i] = Math.cos(phase);
      }
    },
  };
}

/** Random Fourier features: all cosines before all sines. */
export function fourierEncoding(architecture: Architecture, weights: Weights): Encoding {
  const count = architecture.number('frequencies', 1);
  const projection = weights.take('encoding.projection', [count, 1]);
  const round = roundingOf(weights);
  const turn = round(2 * Math.PI);
  return {
    features: 2 * count,
    encode(t, features) {
      const angle = round(t * turn);
      for (let i = 0; i < count; i++) {
        const phase = round(angle * (projection[i] as number));
        features[i] = Math.cos(phase);
        features[count + i] = Math.sin(phase);
      }
    },
  };
}
