/** Discrete Fourier transforms of one size, a power of four (Stockham's, which sorts by itself). */
export class Fourier {
  readonly #cosine: Float64Array;
  readonly #sine: Float64Array;
  readonly #other: readonly [Float64Array, Float64Array];

  constructor(readonly size: number) {
    const angles = Float64Array.from({ length: size }, (_, i) => (-2 * Math.PI * i) / size);
    this.#cosine = angles.map(Math.cos);
    this.#sine = angles.map(Math.sin);
    this.#other = [new Float64Array(size), new Float64Array(size)];
  }

  /** In place, or in arrays of its own, which the next transform overwrites. */
  transform(real: Float64Array, imaginary: Float64Array): readonly [Float64Array, Float64Array] {
    let from: readonly [Float64Array, Float64Array] = [real, imaginary];
    let to = this.#other;
    for (let stride = 1; stride < this.size; stride *= 4) {
      this.#pass(stride, from, to);
      [from, to] = [to, from];
    }
    return from;
  }

  #pass(
    stride: number,
    [real, imaginary]: readonly [Float64Array, Float64Array],
    [toReal, toImaginary]: readonly [Float64Array, Float64Array],
  ): void {
    const [cosine, sine] = [this.#cosine, this.#sine];
    const quarter = this.size / 4;
    for (let place = 0; place < quarter; place += stride) {
      const c1 = cosine[place] as number;
      const s1 = sine[place] as number;
      const c2 = cosine[2 * place] as number;
      const s2 = sine[2 * place] as number;
      const c3 = cosine[3 * place] as number;
      const s3 = sine[3 * place] as number;
      for (let a = place; a < place + stride; a++) {
        const b = a + quarter;
        const c = b + quarter;
        const d = c + quarter;
        const sumR = (real[a] as number) + (real[c] as number);
        const sumI = (imaginary[a] as number) + (imaginary[c] as number);
        const lessR = (real[a] as number) - (real[c] as number);
        const lessI = (imaginary[a] as number) - (imaginary[c] as number);
        const oddR = (real[b] as number) + (real[d] as number);
        const oddI = (imaginary[b] as number) + (imaginary[d] as number);
        // By i.
        const turnR = (imaginary[d] as number) - (imaginary[b] as number);
        const turnI = (real[b] as number) - (real[d] as number);
        const at = a + 3 * place;
        toReal[at] = sumR + oddR;
        toImaginary[at] = sumI + oddI;
        const r1 = lessR - turnR;
        const i1 = lessI - turnI;
        toReal[at + stride] = r1 * c1 - i1 * s1;
        toImaginary[at + stride] = r1 * s1 + i1 * c1;
        const r2 = sumR - oddR;
        const i2 = sumI - oddI;
        toReal[at + 2 * stride] = r2 * c2 - i2 * s2;
        toImaginary[at + 2 * stride] = r2 * s2 + i2 * c2;
        const r3 = lessR + turnR;
        const i3 = lessI + turnI;
        toReal[at + 3 * stride] = r3 * c3 - i3 * s3;
        toImaginary[at + 3 * stride] = r3 * s3 + i3 * c3;
      }
    }
  }
}
