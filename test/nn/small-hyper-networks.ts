import {
  type EncoderOptions,
  FewSound,
  type FewSoundOptions,
  type HyperNetwork,
  HyperSound,
  type TargetOptions,
} from '../../lib/nn';
import { ops, type Tensor, tensor } from '../../lib/tensor';

/** Targets of a few dozen weights. */
export const smallTargets = {
  kan: { kind: 'kan', layers: [3, 2], encoding: 2, grid: 3, order: 2 },
  nerf: { kind: 'nerf', layers: [4, 3], encoding: 2 },
  siren: { kind: 'siren', layers: [4, 3], omega0: 20, omega: 5 },
} as const satisfies Record<string, TargetOptions>;

export type TargetKind = keyof typeof smallTargets;
export const targetKinds = ['kan', 'nerf', 'siren'] as const;

export type EncoderKind = NonNullable<EncoderOptions['kind']>;

/** An encoder of every kind, of a few dozen or hundred parameters. */
export const smallEncoders = {
  soundstream: { channels: 2, dimension: 2, strides: [2, 4] },
  snac: { kind: 'snac', channels: 2, strides: [2, 4], window: 2, headWidth: 2, width: 5 },
  whisper: {
    kind: 'whisper',
    mels: 5,
    channels: 4,
    layers: 2,
    headWidth: 2,
    // The small models' recordings are shorter than half of Whisper's frames.
    sampleRate: 2000,
    seconds: 0.1,
    lora: { rank: 2, output: true },
    width: 5,
  },
  spectral: {
    kind: 'spectral',
    hidden: 8,
    lookahead: 2,
    width: 5,
    sampleRate: 2000,
    posteriorgram: 'learned',
    posteriorgramHidden: 8,
    posteriorgramWindow: 256,
    pitch: false,
  },
} as const satisfies Record<EncoderKind, EncoderOptions>;

export const encoderKinds = Object.keys(smallEncoders) as EncoderKind[];

/** Samples of a recording of a small model. */
export const SAMPLES = 80;

const small = {
  samples: SAMPLES,
  encoder: smallEncoders.soundstream,
  hidden: [6, 5],
  seed: 11,
};

/** A FewSound model of a few hundred parameters. */
export function smallFewSound(kind: TargetKind, more: FewSoundOptions = {}): FewSound {
  const universal = { universalKernel: 4, universalConvolutions: 2 };
  return new FewSound({ target: smallTargets[kind], ...small, ...universal, ...more });
}

/** The same without universal weights. */
export function smallHyperSound(
  kind: TargetKind,
  more: ConstructorParameters<typeof HyperSound>[0] = {},
): HyperSound {
  return new HyperSound({ target: smallTargets[kind], ...small, ...more });
}

/** Sounds that differ, [count, samples], peak 1. */
export function smallSounds(
  count: number,
  { samples = SAMPLES, dtype = 'float32' as 'float32' | 'float64' } = {},
): Tensor {
  const rows = Array.from({ length: count }, (_, row) =>
    Array.from(
      { length: samples },
      (_, i) => Math.sin((i * i * (row + 1)) / 900 + row) * Math.cos(i / 30),
    ),
  );
  const scaled = rows.map((row) => {
    const peak = Math.max(...row.map(Math.abs));
    return row.map((value) => value / peak);
  });
  return tensor(scaled, { dtype });
}

/** Numbers in (-1, 1) in the shape of a tensor. */
export function directionLike({ size, shape, dtype }: Tensor): Tensor {
  return ops
    .sin(ops.arange(1, size + 1, { dtype: 'float64' }).mul(1.7))
    .reshape([...shape])
    .to({ dtype });
}

/** The numbers of a tensor, row by row. */
export const numbers = (values: Tensor): number[] => [
  ...(values.detach().contiguous().data() as Float64Array),
];

/** The largest magnitude. */
export const largest = (values: Tensor): number => Math.max(...numbers(values).map(Math.abs));

/** A parameter of a model by its name. */
export function parameter(model: HyperNetwork, name: string): Tensor {
  const found = model.parameters().get(name);
  if (found === undefined) throw new Error(`no parameter ${name}`);
  return found;
}

export function expectClose(values: Tensor, expected: readonly number[], tolerance: number) {
  const given = numbers(values);
  expect(given).toHaveLength(expected.length);
  const worst = Math.max(...given.map((value, i) => Math.abs(value - (expected[i] as number))));
  expect(worst).toBeLessThanOrEqual(tolerance);
}
