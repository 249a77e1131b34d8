/** What a stream of draws is for; streams of different purposes are independent. */
const purposes = { order: 1, item: 2, split: 3, dropout: 4 } as const;

/** Constants that set the four words of the state apart: digits of the golden ratio, √2, √3, √5. */
const LANES = [0x9e37_79b9, 0x6a09_e667, 0xbb67_ae85, 0x3c6e_f373] as const;

/**
 * Random numbers that depend on nothing but a key: (seed, purpose, epoch, item). So training can
 * resume after any item without drawing for those before.
 *
 * The words of the key go through a 32-bit mix (the finalizer of MurmurHash3) in four lanes that
 * start differently; the lanes are the state of xoshiro128** (Blackman, Vigna 2018).
 */
export class Draws {
  readonly #state: Uint32Array<ArrayBuffer>;

  /**
   * @param seed 0 to 2^53 - 1
   * @param epoch 0 to 2^32 - 1
   * @param item 0 to 2^32 - 1
   */
  constructor(seed: number, purpose: keyof typeof purposes, epoch: number, item: number) {
    const key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32), purposes[purpose], epoch, item];
    this.#state = Uint32Array.from(LANES, (lane) => key.reduce(mix, lane));
    // The one state that xoshiro cannot leave.
    if (this.#state.every((word) => word === 0)) this.#state.set(LANES);
  }

  /** Uniform in [0, 1), 2^32 values. */
  uniform(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from 0 to `bound` - 1; `bound` far below 2^32. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Adds noise, uniform in [-amplitude, amplitude), to every sample. */
  addNoise(samples: Float32Array, amplitude: number): void {
    // The same numbers as uniform() gives, with the state in local variables: this is the innermost
    // loop.
    const scale = (2 * amplitude) / 2 ** 32;
    let [a, b, c, d] = this.#state as unknown as [number, number, number, number];
    for (let i = 0; i < samples.length; i++) {
      const five = Math.imul(b, 5);
      const word = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      samples[i] = (samples[i] as number) + (word * scale - amplitude);
    }
    this.#state.set([a, b, c, d]);
  }

  /** The first `count` of the numbers 0 to `length` - 1 in random order (Fisher and Yates). */
  permutation(length: number, count = length): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length }, (_, index) => index);
    for (let i = 0; i < Math.min(count, length - 1); i++) {
      const other = i + this.below(length - i);
      const value = order[other] as number;
      order[other] = order[i] as number;
      order[i] = value;
    }
    return order.subarray(0, count);
  }

  #next(): number {
    const state = this.#state;
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    const five = Math.imul(b, 5);
    const word = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
    return word;
  }
}

/** Takes a word of the key into a lane. */
function mix(lane: number, word: number): number {
  let hash = Math.imul(lane ^ word, 0x85eb_ca6b) + 0x52dc_e729;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
