import { z } from 'zod';
import { FewSoundError } from '../errors.js';
import {
  baselineLayers,
  commonFields,
  encodingLength,
  flag,
  layerWidths,
  nonNegativeNumber,
  optionsObject,
  positiveNumber,
  wholeNumber,
} from '../options.js';
import { Inr, type InrKind, type InrOptions, inrKinds } from './inr.js';

/** Options of {@link Finer}. */
export interface FinerOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** ω of the first layer, above 0. Default 30 (Liu et al. 2024, "FINER"). */
  omega0?: number;
  /** ω of the later layers, above 0. Default 30 (Liu et al. 2024, "FINER"). */
  omega?: number;
  /** Learn every ω. Default false. */
  learnableOmega?: boolean;
  /** The first bias starts as U(-k, k): k, 0 or more. Default 5 (Liu et al. 2024, "FINER"). */
  biasScale?: number;
}

const finerSchema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  omega0: positiveNumber.default(30),
  omega: positiveNumber.default(30),
  learnableOmega: flag.default(false),
  biasScale: nonNegativeNumber.default(5),
  ...commonFields,
});

/**
 * SIREN with (|x| + 1)·x in place of every layer's input x; the factor counts as a constant in the
 * gradient, as in FINER's own program (Liu et al. 2024; paper 1 prints |x + 1|·x). The default has
 * 31,191 parameters.
 *
 * Parameters: `layers.i.weight` [out, in], `layers.i.bias` [out]; `layers.i.omega` [1] is a buffer,
 * or a parameter when learnable.
 */
export class Finer extends Inr<FinerOptions> {
  override readonly kind = 'finer';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: FinerOptions = {}) {
    super('finer', finerSchema, options);
  }
}

/** Options of {@link KAN}. */
export interface KanOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [48, 24, 12] (paper 1, section 4.3). */
  layers?: readonly number[];
  /** Length L of the positional encoding, 1 to 64; 2L features. Default 10 (Table 7; NeRF's encoding). */
  encoding?: number;
  /** Learn the frequencies of the encoding. Default false. */
  learnableEncoding?: boolean;
  /** Grid size G: intervals of each spline, 1 to 4096. Default 10 (Table 10). */
  grid?: number;
  /** Order k, the degree of the splines, 1 to 16. Default 3, the best of Table 9. */
  order?: number;
  /** What the grid covers before it is extended by k intervals at each end. Default [-1, 1]. */
  gridRange?: readonly [number, number];
  /** A learnable factor w_s before each spline (Table 17). Default true. */
  scaleSpline?: boolean;
  /**
   * The splines start as the fit to noise U(-1/2, 1/2)·initNoise/G. 0 or more; default 0.1 (Liu et
   * al. 2024, "KAN").
   */
  initNoise?: number;
}

const rangeError = 'Expected two finite numbers, the first below the second';
const finite = z.number({ error: rangeError });

const kanSchema = optionsObject({
  layers: layerWidths.default([48, 24, 12]),
  encoding: encodingLength.default(10),
  learnableEncoding: flag.default(false),
  grid: wholeNumber(1, 4096).default(10),
  order: wholeNumber(1, 16).default(3),
  gridRange: z
    .tuple([finite, finite], { error: rangeError })
    .refine(([lower, upper]) => lower < upper, { error: rangeError })
    .default([-1, 1]),
  scaleSpline: flag.default(true),
  initNoise: nonNegativeNumber.default(0.1),
  ...commonFields,
});

/**
 * Kolmogorov-Arnold network on a positional encoding of time. Every edge has a function of its own,
 * φ(x) = w_b·SiLU(x) + w_s·Σ c_i B_i(x) with B-splines B_i on a uniform grid, summed over the inputs;
 * no biases (paper 1, section 2; Liu et al. 2024). The default has 36,180
 * parameters.
 *
 * Parameters: `layers.i.base` [out, in], `layers.i.coefficients` [out, in, grid + order] and, with
 * `scaleSpline`, `layers.i.scale` [out, in]; `encoding.frequencies` [encoding] is a buffer, or a
 * parameter when learnable. Takes weights per sample of a batch.
 */
export class KAN extends Inr<KanOptions> {
  override readonly kind = 'kan';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: KanOptions = {}) {
    super('kan', kanSchema, options, ({ gridRange: [gridLower, gridUpper], ...rest }) => ({
      ...rest,
      gridLower,
      gridUpper,
    }));
  }
}

/** Options of {@link Nerf}. */
export interface NerfOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** Length L of the positional encoding, 1 to 64; 2L features. Default 12 (Table 1). */
  encoding?: number;
  /** Learn the frequencies of the encoding. Default false. */
  learnableEncoding?: boolean;
}

const nerfSchema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  encoding: encodingLength.default(12),
  learnableEncoding: flag.default(false),
  ...commonFields,
});

/**
 * Rectified linear layers on a positional encoding of time (Mildenhall et al. 2020, as paper 1 uses
 * it). The default has 33,261 parameters.
 *
 * Parameters: `layers.i.weight` [out, in] and `layers.i.bias` [out]; `encoding.frequencies`
 * [encoding] is a buffer, or a parameter when learnable. Takes weights per sample of a batch.
 */
export class Nerf extends Inr<NerfOptions> {
  override readonly kind = 'nerf';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: NerfOptions = {}) {
    super('nerf', nerfSchema, options);
  }
}

/** Options of {@link Rff}. */
export interface RffOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** Number of random frequencies, 1 to 65,536; twice as many features. Default 45 (Table 1). */
  frequencies?: number;
  /** Standard deviation σ of the frequencies, above 0. Default 10 (Tancik et al. 2020). */
  sigma?: number;
}

const rffSchema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  frequencies: wholeNumber(1, 65_536).default(45),
  sigma: positiveNumber.default(10),
  ...commonFields,
});

/**
 * Rectified linear layers on random Fourier features [cos 2πBt, sin 2πBt], B ~ N(0, σ²) and fixed
 * (Tancik et al. 2020). The default has 39,201 parameters.
 *
 * Parameters: `layers.i.weight` [out, in] and `layers.i.bias` [out]; `encoding.projection`
 * [frequencies, 1], B, is a buffer.
 */
export class Rff extends Inr<RffOptions> {
  override readonly kind = 'rff';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: RffOptions = {}) {
    super('rff', rffSchema, options);
  }
}

/** Options of {@link Siren}. */
export interface SirenOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** ω of the first layer, above 0. Default 2000 (HyperSound, Szatkowski et al. 2023). */
  omega0?: number;
  /** ω of the later layers, above 0. Default 30 (Sitzmann et al. 2020). */
  omega?: number;
  /** Learn every ω. Default false. */
  learnableOmega?: boolean;
  /**
   * Divide the initial weights of the later layers by ω_0, which keeps the first gradients small.
   * Default true, as the paper's authors train it.
   */
  gradientFix?: boolean;
}

const sirenSchema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  omega0: positiveNumber.default(2000),
  omega: positiveNumber.default(30),
  learnableOmega: flag.default(false),
  gradientFix: flag.default(true),
  ...commonFields,
});

/**
 * Sinusoidal layers sin(W(ω x) + b), ω on the input of every layer, the last, linear one included
 * (Sitzmann et al. 2020, with the frequencies of paper 1). The default has 31,191 parameters.
 *
 * Parameters: `layers.i.weight` [out, in], `layers.i.bias` [out]; `layers.i.omega` [1] is a buffer,
 * or a parameter when learnable. Takes weights per sample of a batch.
 */
export class Siren extends Inr<SirenOptions> {
  override readonly kind = 'siren';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: SirenOptions = {}) {
    super('siren', sirenSchema, options);
  }
}

/** Options of {@link Wire}. */
export interface WireOptions extends InrOptions {
  /** Widths of the hidden layers, each 1 to 65,536. Default [90, 90, 90, 90, 70] (paper 1, Table 1). */
  layers?: readonly number[];
  /** ω of the first wavelet layer, above 0. Default 10 (Saragadam et al. 2023). */
  omega0?: number;
  /** ω of the later wavelet layers, above 0. Default 10 (Saragadam et al. 2023). */
  omega?: number;
  /** s, the inverse width of the wavelets, 0 or more. Default 10 (Saragadam et al. 2023). */
  scale?: number;
  /** Learn every ω. Default false. */
  learnableOmega?: boolean;
}

const wireSchema = optionsObject({
  layers: layerWidths.default(baselineLayers),
  omega0: positiveNumber.default(10),
  omega: positiveNumber.default(10),
  scale: nonNegativeNumber.default(10),
  learnableOmega: flag.default(false),
  ...commonFields,
});

/**
 * Complex Gabor wavelets exp(iωx - |s x|²) between linear layers, the first of them real and the
 * others complex; the amplitude is the real part (Saragadam et al. 2023). The default has 31,191
 * parameters, a complex weight counted once, as paper 1 does: 62,202 real numbers.
 *
 * Parameters: `layers.i.weight` [out, in] and `layers.i.bias` [out], complex64 (complex128 in a
 * float64 network) from layer 1 on; `layers.i.omega` [1] is a buffer, or a parameter when learnable.
 */
export class Wire extends Inr<WireOptions> {
  override readonly kind = 'wire';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WireOptions = {}) {
    super('wire', wireSchema, options);
  }
}

/** The class of each kind of network. */
export interface InrByKind {
  kan: KAN;
  nerf: Nerf;
  siren: Siren;
  rff: Rff;
  finer: Finer;
  wire: Wire;
}

/** The options of each kind of network. */
export interface InrOptionsByKind {
  kan: KanOptions;
  nerf: NerfOptions;
  siren: SirenOptions;
  rff: RffOptions;
  finer: FinerOptions;
  wire: WireOptions;
}

const classes: {
  readonly [Kind in InrKind]: new (
    options?: InrOptionsByKind[Kind],
  ) => InrByKind[Kind];
} = { kan: KAN, nerf: Nerf, siren: Siren, rff: Rff, finer: Finer, wire: Wire };

/** Whether a value names a kind of network. */
export function isInrKind(value: unknown): value is InrKind {
  return inrKinds.some((kind) => kind === value);
}

/**
 * A network by the name of its kind.
 *
 * @throws FewSoundError INVALID_ARGUMENT for an unknown kind, and what its constructor throws
 */
export function createInr<Kind extends InrKind>(
  kind: Kind,
  options?: InrOptionsByKind[Kind],
): InrByKind[Kind];
export function createInr(kind: InrKind, options?: object): Inr;
export function createInr(kind: InrKind, options: object = {}): Inr {
  if (!isInrKind(kind)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `kind is ${JSON.stringify(kind)}; expected ${inrKinds.join(', ')}.`,
      { field: 'kind' },
    );
  }
  return new classes[kind](options);
}

/**
 * Learning rate of `fit` where none is given, by network.
 *
 * | network | rate | source |
 * | --- | --- | --- |
 * | KAN | 5e-3 | paper 1, section 4.3: the base of its ablation; Table 16 has 1e-3 to 1e-2 |
 * | the others | below | not given in the paper: bench/results/learning-rates.md |
 */
export const defaultLearningRates: Readonly<Record<InrKind, number>> = Object.freeze({
  kan: 5e-3,
  nerf: 3e-3,
  siren: 3e-4,
  finer: 1e-3,
  rff: 3e-3,
  wire: 3e-4,
});
