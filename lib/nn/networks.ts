import { FewSoundError } from '../errors.js';
import type {
  FinerOptions,
  KanOptions,
  NerfOptions,
  RffOptions,
  SirenOptions,
  WireOptions,
} from '../options.generated.js';
import { kindsOf } from '../options.js';
import { Inr, type InrKind } from './inr.js';

export type { FinerOptions, KanOptions, NerfOptions, RffOptions, SirenOptions, WireOptions };

/**
 * Kolmogorov-Arnold network on a positional encoding of time. Every edge has a function of its own,
 * φ(x) = w_b·b(x) + w_s·Σ c_i B_i(x) with b the SiLU (or `baseActivation`) and B-splines B_i on a
 * uniform grid, summed over the inputs; no biases (paper 1, section 2; Liu et al. 2024). The default
 * has 36,180 parameters.
 *
 * Parameters: `layers.i.base` [out, in], `layers.i.coefficients` [out, in, grid + order] and, with
 * `scaleSpline`, `layers.i.scale` [out, in]; `encoding.frequencies` [encoding] is a buffer, or a
 * parameter when learnable. Takes weights per sample of a batch.
 */
export class KAN extends Inr<KanOptions> {
  override readonly kind = 'kan';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: KanOptions = {}) {
    super('kan', options);
  }
}

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
    super('nerf', options);
  }
}

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
    super('siren', options);
  }
}

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
    super('rff', options);
  }
}

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
    super('finer', options);
  }
}

/**
 * Complex Gabor wavelets exp(iωx - |s x|²) between linear layers, the first of them real and the
 * others complex; the amplitude is the real part (Saragadam et al. 2023). The default has 31,191
 * parameters, a complex weight counted once, as paper 1 does: 62,202 real numbers.
 *
 * Parameters: `layers.i.weight` [out, in] and `layers.i.bias` [out], complex64 (complex128 in a
 * float64 network) from layer 1 on; `layers.i.omega` [1] is a buffer, or a parameter when
 * learnable.
 */
export class Wire extends Inr<WireOptions> {
  override readonly kind = 'wire';

  /** @throws FewSoundError INVALID_ARGUMENT naming the option, its value and what was expected */
  constructor(options: WireOptions = {}) {
    super('wire', options);
  }
}

const classes = {
  kan: KAN,
  nerf: Nerf,
  siren: Siren,
  rff: Rff,
  finer: Finer,
  wire: Wire,
} as const satisfies Record<InrKind, unknown>;

/** The class of each kind of network. */
export type InrByKind = { [Kind in InrKind]: InstanceType<(typeof classes)[Kind]> };

/** The options of each kind of network. */
export type InrOptionsByKind = {
  [Kind in InrKind]: NonNullable<ConstructorParameters<(typeof classes)[Kind]>[0]>;
};

/** Whether a value names a kind of network. */
export function isInrKind(value: unknown): value is InrKind {
  return kindsOf('network').some((kind) => kind === value);
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
      `kind is ${JSON.stringify(kind)}; expected ${kindsOf('network').join(', ')}.`,
      { field: 'kind' },
    );
  }
  return new (classes[kind] as new (options: object) => Inr)(options);
}

/** The class of a kind, as programs call it. */
export const inrClassName = (kind: InrKind): string => classes[kind].name;

/**
 * Learning rate of `fit` where none is given, by network.
 *
 * | network | rate | source |
 * | --- | --- | --- |
 * | KAN | 5e-3 | paper 1, section 4.3: the base of its ablation; Table 16 has 1e-3 to 1e-2 |
 * | NeRF, RFF | 3e-3 | not given in the paper: bench/results/rivals.md |
 * | SIREN, WIRE | 3e-4 | likewise |
 * | FINER | 1e-4 | likewise |
 */
export const defaultLearningRates: Readonly<Record<InrKind, number>> = Object.freeze({
  kan: 5e-3,
  nerf: 3e-3,
  siren: 3e-4,
  finer: 1e-4,
  rff: 3e-3,
  wire: 3e-4,
});
