import { invalidArgument } from '../errors.js';
import { optionsObject, parseOptions, wholeNumber } from '../options.js';
import { ops, scope, type Tensor, tensor } from '../tensor/index.js';
import { type FilterBank, layerOfBanks } from './filter-bank.js';
import { fourierAxis } from './frequency-axis.js';

export interface WignerVilleOptions {
  /** bins + 1 frequencies up to half the rate. Default: a power of two from 256 on that fits. */
  bins?: number;
  /**
   * Samples of a Hann window over the lag (the pseudo distribution), which smooths over frequency.
   * Odd. Default: none, the Wigner-Ville distribution itself.
   */
  lagWindow?: number;
  /** Samples of a Hann window over time, which smooths further. Odd. Default: none. */
  timeWindow?: number;
}

/** Energy of a filter over time and frequency. */
export interface WignerVille {
  /** [bins + 1, length], row by row, lowest frequency first; values below 0 are interference. */
  readonly values: Float64Array;
  /** [bins + 1] Hz. */
  readonly frequencies: Float64Array;
  /** [length] seconds. */
  readonly times: Float64Array;
  /** Energy of the filter, the sum of its squares. */
  readonly energy: number;
}

const odd = wholeNumber(1, 2 ** 24).refine((value) => value % 2 === 1, {
  error: 'Expected an odd number of samples, so that the window has a middle',
});
const schema = optionsObject({
  bins: wholeNumber(1, 2 ** 20).optional(),
  lagWindow: odd.optional(),
  timeWindow: odd.optional(),
});

/** Numbers of products computed at once. */
const AT_ONCE = 2 ** 22;

/**
 * Wigner-Ville distributions of filters (paper 2, section 3.3 and Figure 4; Abdallah and Plumbley
 * 2001): W(t, f) = ∫ z(t + τ/2)·z*(t - τ/2)·e^(-2πifτ) dτ, with z the analytic signal of the
 * filter, by FFT.
 *
 * z is computed at twice the rate, so that t ± τ/2 is a sample for every lag and frequencies from 0
 * to half the rate do not fold. It carries the energy of the filter: the sum of W over frequency,
 * divided by 2·bins, is |z(t)|², the instantaneous energy, and over time |Z(f)|² = 2·|F(f)|². Both
 * hold as far as z lies within the filter's samples: the analytic signal of a filter that does not
 * fade at its ends reaches beyond. Parts at 0 Hz and at half the rate count half.
 *
 * @param banks filters; those of all banks, one after another
 * @throws FewSoundError INVALID_ARGUMENT, SHAPE_MISMATCH
 */
export function wignerVille(
  banks: FilterBank | readonly FilterBank[],
  options: WignerVilleOptions = {},
): WignerVille[] {
  const parsed = parseOptions(schema, options, 'wignerVille options');
  return layerOfBanks(banks).flatMap(({ filters, sampleRate }) => {
    const [count, length] = filters.shape as [number, number];
    const bins = parsed.bins ?? 2 ** Math.ceil(Math.log2(Math.max(256, length)));
    if (bins < length) {
      throw invalidArgument(
        'bins',
        `wignerVille: bins is ${bins}; filters of ${length} samples need ${length} or more.`,
      );
    }
    const { frequencies } = fourierAxis(bins, sampleRate);
    const times = Float64Array.from({ length }, (_, n) => n / sampleRate);
    const most = Math.max(1, Math.floor(AT_ONCE / (length * 2 * bins)));
    const found: WignerVille[] = [];
    for (let first = 0; first < count; first += most) {
      scope(() => {
        const part = filters
          .narrow(0, first, Math.min(most, count - first))
          .to({ dtype: 'float64', device: 'cpu' });
        const energies = part.square().sum(1).data('float64');
        const distributions = distributionsOf(part, bins, parsed); // [part, length, bins + 1]
        for (const [row, energy] of energies.entries()) {
          const values = distributions.select(0, row).transpose().contiguous();
          found.push({ values: values.data('float64').slice(), frequencies, times, energy });
        }
      });
    }
    return found;
  });
}

/**
 * The analytic signals of filters at twice their rate, with the filters' energy: complex128
 * [filters, 2·length]. Entry 2n is at sample n.
 *
 * @param filters [filters, length] float64
 */
function analyticSignals(filters: Tensor): Tensor {
  const length = filters.shape[1] as number;
  // Padding keeps the end from wrapping around to the start.
  const size = 2 ** Math.ceil(Math.log2(4 * length));
  const spectrum = filters.fft(size).narrow(1, 0, size / 2 + 1);
  const ends = ops.ones([size / 2 + 1], { dtype: 'float64' });
  ends.narrow(0, 0, 1).fill_(0.5);
  ends.narrow(0, size / 2, 1).fill_(0.5);
  // Both halves of the spectrum carry the energy of a real signal: √2 makes up for the missing one,
  // 2 for the longer ifft.
  const positive = spectrum.mul(ends).mul(2 * Math.SQRT2);
  return positive.ifft(2 * size).narrow(1, 0, 2 * length);
}

function distributionsOf(
  filters: Tensor,
  bins: number,
  { lagWindow, timeWindow }: WignerVilleOptions,
): Tensor {
  const length = filters.shape[1] as number;
  // At a lag of m samples the factors are m/2 samples before and after; farther apart, one is
  // outside the filter.
  const reach = length - 1;
  const signal = analyticSignals(filters).pad([reach, reach]); // [filters, 2·length + 2·reach]
  const middle = ops.arange(0, length, { dtype: 'int64' }).mul(2).add(reach).unsqueeze(1);
  const lag = ops.arange(0, length, { dtype: 'int64' });
  const at = (index: Tensor) =>
    signal.indexSelect(1, index.reshape([-1])).reshape([-1, length, length]);
  const products = at(middle.add(lag)).mul(at(middle.sub(lag)).conj()); // [filters, length, lags]
  const windowed = lagWindow === undefined ? products : products.mul(lagWeights(lagWindow, length));
  // Hermitian in the lag, so the transform is real and needs only half of it.
  const distribution = windowed.hfft(2 * bins).narrow(2, 0, bins + 1);
  return timeWindow === undefined ? distribution : smoothed(distribution, timeWindow);
}

/** Hann weights over the lags 0, 1, … samples: [lags]. */
function lagWeights(samples: number, lags: number): Tensor {
  const positions = Float64Array.from({ length: lags }, (_, m) => (2 * m) / (samples + 1));
  return tensor(positions.map((x) => (x < 1 ? (1 + Math.cos(Math.PI * x)) / 2 : 0)));
}

/** A mean with Hann weights over time. */
function smoothed(distribution: Tensor, samples: number): Tensor {
  const weights = Float64Array.from(
    { length: samples },
    (_, i) => Math.sin((Math.PI * (i + 1)) / (samples + 1)) ** 2,
  );
  const total = weights.reduce((sum, value) => sum + value, 0);
  const kernel = tensor(weights.map((value) => value / total)).reshape([1, 1, samples]);
  const [filters, length, rows] = distribution.shape as [number, number, number];
  return distribution
    .permute([0, 2, 1])
    .reshape([filters * rows, 1, length])
    .conv1d(kernel, { padding: (samples - 1) / 2 })
    .reshape([filters, rows, length])
    .permute([0, 2, 1]);
}
