/**
 * The low-pass filter that a change of sampling rate needs: a sinc under a Kaiser window.
 *
 * Positions are in input samples. The filter's transition band ends at the lower of the two Nyquist
 * frequencies, so what lies above that frequency is in the stopband: nothing audible folds back.
 */

/** How a quality level shapes the filter. Frequencies are fractions of the lower Nyquist frequency. */
export interface SincQuality {
  /** Up to here the response is flat within 0.1 dB. */
  readonly passband: number;
  /** From the lower Nyquist frequency on, the response is below minus this many dB. */
  readonly stopbandDb: number;
}

/** A Kaiser-windowed sinc, ready to be sampled at any offset. */
export interface SincKernel {
  /** Distance from the centre, in input samples, beyond which the kernel is zero. */
  readonly halfWidth: number;
  /** Kernel at `offset` input samples from its centre (up to a constant factor). */
  at(offset: number): number;
}

/**
 * Designs the kernel by Kaiser's formulas (Oppenheim and Schafer, Discrete-Time Signal Processing,
 * section 7.6).
 *
 * @param ratio lower rate divided by the input rate, in (0, 1]; 1 when the rate goes up
 */
export function sincKernel(ratio: number, quality: SincQuality): SincKernel {
  const { passband, stopbandDb } = quality;
  const beta = 0.1102 * (stopbandDb - 8.7);
  const transition = (1 - passband) * Math.PI; // radians per sample of the lower rate
  const halfWidth = (stopbandDb - 7.95) / (2.285 * transition) / 2 / ratio;
  // The -6 dB point lies half way down the transition; radians per input sample.
  const angularCutoff = Math.PI * ((1 + passband) / 2) * ratio;
  const window = kaiserWindow(beta);
  return {
    halfWidth,
    at(offset) {
      const position = (offset < 0 ? -offset : offset) / halfWidth;
      if (position >= 1) return 0;
      const angle = angularCutoff * offset;
      return angle === 0 ? 1 : (window(position) * Math.sin(angle)) / angle;
    },
  };
}

const windowPoints = 2048;
const windowTables = new Map<number, Float64Array>();

/**
 * The Kaiser window at positions 0 (its centre) to 1, out of a table by cubic interpolation: the
 * Bessel function costs a microsecond, and rates without a common factor need it for each product.
 * The window is so smooth that the error is below 1e-10.
 */
function kaiserWindow(beta: number): (position: number) => number {
  let table = windowTables.get(beta);
  if (table === undefined) {
    const scale = 1 / besselI0(beta);
    // One point before the centre and two behind the end, for the interpolation.
    table = Float64Array.from({ length: windowPoints + 4 }, (_, i) => {
      const position = (i - 1) / windowPoints;
      return besselI0Root(beta * beta * (1 - position * position)) * scale;
    });
    windowTables.set(beta, table);
  }
  const points = table;
  return (position) => {
    const at = position * windowPoints;
    const index = Math.floor(at);
    return lagrange(
      at - index,
      points[index] as number,
      points[index + 1] as number,
      points[index + 2] as number,
      points[index + 3] as number,
    );
  };
}

/** The cubic through values at -1, 0, 1, 2, taken at t in [0, 1]. */
function lagrange(t: number, a: number, b: number, c: number, d: number): number {
  const u = t + 1;
  const v = t - 1;
  const w = t - 2;
  return (-a * t * v * w) / 6 + (b * u * v * w) / 2 - (c * u * t * w) / 2 + (d * u * t * v) / 6;
}

function besselI0(x: number): number {
  return besselI0Root(x * x);
}

/**
 * Modified Bessel function of the first kind, order zero, of the square root of the argument: a power
 * series in `square`, so it goes on smoothly below zero, behind the end of the window.
 */
function besselI0Root(square: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; Math.abs(term) > Math.abs(sum) * 1e-17; k++) {
    term *= square / (4 * k * k);
    sum += term;
  }
  return sum;
}
