import {
  createInr,
  type EncoderOptions,
  type HyperNetwork,
  type TargetOptions,
  timeAxis,
} from '../../lib/nn';
import { noGrad, scope, type Tensor } from '../../lib/tensor';
import {
  directionLike,
  expectClose,
  largest,
  numbers,
  parameter,
  SAMPLES,
  smallEncoders,
  smallFewSound,
  smallHyperSound,
  smallSounds,
  smallTargets,
  targetKinds,
} from './small-hyper-networks';

/** What plain networks with the weights of each recording give, flat. */
function targetOutputs(
  model: HyperNetwork,
  weights: ReadonlyMap<string, Tensor>,
  t: Tensor,
): number[] {
  const { target, dtype } = model.options;
  const { kind, ...options } = target as TargetOptions;
  const count = [...weights.values()][0]?.shape[0] as number;
  return Array.from({ length: count }, (_, row) => {
    using network = createInr(kind, { ...options, dtype, seed: 0 });
    noGrad(() => {
      for (const [name, own] of network.parameters()) {
        own.copy_((weights.get(name) as Tensor).select(0, row));
      }
    });
    return numbers(network.forward(t));
  }).flat();
}

/** A model in float64 whose universal weights and biases are not what they start from. */
function stirred(model: HyperNetwork): HyperNetwork {
  noGrad(() =>
    scope(() => {
      for (const [name, tensor] of model.parameters()) {
        if (!/norm\.|theta|lora_b|writer\.layers\.2\.bias/.test(name)) continue;
        tensor.copy_(tensor.add(directionLike(tensor).mul(0.2)));
      }
    }),
  );
  return model;
}

describe.each(targetKinds)('the networks that are written for a %s', (kind) => {
  const double = { dtype: 'float64' } as const;
  const sounds = () => smallSounds(2, double);
  const t = () => timeAxis(SAMPLES, double);

  it.each(['target', 'residual', 'modulator'] as const)('are what mode %s says', (mode) => {
    scope(() => {
      using model = stirred(smallFewSound(kind, { mode, ...double }));
      const audio = sounds();
      const vectors = model.write(audio);
      expect(vectors.shape).toEqual([2, parameter(model, 'universal.theta').size]);
      const weights = model.weights(vectors);
      const written = numbers(vectors);
      const total = written.length / 2;
      for (const { name, shape, offset } of model.writtenLayout()) {
        const size = shape.reduce((product, length) => product * length, 1);
        const given = weights.get(name) as Tensor;
        expect(given.shape).toEqual([2, ...shape]);
        const parts = [0, 1].flatMap((row) =>
          written.slice(row * total + offset, row * total + offset + size),
        );
        if (mode === 'target') {
          expect(model.parameters().has(`target.${name}`)).toBe(false);
          expect(numbers(given)).toEqual(parts);
          continue;
        }
        const own = numbers(parameter(model, `target.${name}`));
        const expected = parts.map((part, i) => {
          const base = own[i % size] as number;
          return mode === 'residual' ? base + part : base * part;
        });
        expect(numbers(given)).toEqual(expected);
      }
      expectClose(model.forward(audio), targetOutputs(model, weights, t()), 1e-12);
    });
  });

  it('share layers of the target', () => {
    scope(() => {
      using model = stirred(smallFewSound(kind, { sharedLayers: [0, 2], ...double }));
      using whole = smallFewSound(kind, double);
      const names = model.writtenLayout().map(({ name }) => name);
      const all = whole.writtenLayout().map(({ name }) => name);
      expect(names).toEqual(all.filter((name) => name.startsWith('layers.1.')));
      const audio = sounds();
      const weights = model.weights(model.write(audio));
      expect([...weights.keys()].sort()).toEqual([...all].sort());
      const shared = all.filter((name) => !names.includes(name));
      for (const name of shared) {
        const own = numbers(parameter(model, `target.${name}`));
        expect(numbers(weights.get(name) as Tensor)).toEqual([...own, ...own]);
      }
      const out = model.forward(audio);
      expectClose(out, targetOutputs(model, weights, t()), 1e-12);
      out.square().sum().backward();
      for (const name of shared.filter((one) => !one.endsWith('bias'))) {
        expect(largest(parameter(model, `target.${name}`).grad as Tensor)).toBeGreaterThan(0);
      }
    });
  });

  const learnable = {
    kan: { ...smallTargets.kan, learnableEncoding: true },
    nerf: { ...smallTargets.nerf, learnableEncoding: true },
    siren: { ...smallTargets.siren, learnableOmega: true },
  }[kind];
  const isEncoding = (name: string) => name.startsWith('encoding.') || name.endsWith('.omega');

  it('have frequencies and omegas of their own where those are learnable', () => {
    scope(() => {
      using model = stirred(smallFewSound(kind, { target: learnable, ...double }));
      const audio = sounds();
      const weights = model.weights(model.write(audio));
      const names = [...weights.keys()].filter(isEncoding);
      expect(names).toHaveLength(kind === 'siren' ? 3 : 1);
      for (const name of names) {
        const [first, second] = [0, 1].map((row) =>
          numbers((weights.get(name) as Tensor).select(0, row)),
        );
        expect(first).not.toEqual(second);
      }
      expectClose(model.forward(audio), targetOutputs(model, weights, t()), 1e-12);
    });
  });

  it('have the same ones where the encoding is shared, and they learn', () => {
    scope(() => {
      using model = stirred(
        smallFewSound(kind, { target: learnable, sharedEncoding: true, ...double }),
      );
      expect(
        model
          .writtenLayout()
          .map(({ name }) => name)
          .some(isEncoding),
      ).toBe(false);
      const audio = sounds();
      const weights = model.weights(model.write(audio));
      const names = [...weights.keys()].filter(isEncoding);
      expect(names).toHaveLength(kind === 'siren' ? 3 : 1);
      const out = model.forward(audio);
      expectClose(out, targetOutputs(model, weights, t()), 1e-12);
      out.square().sum().backward();
      for (const name of names) {
        const own = parameter(model, `target.${name}`);
        expect(numbers(weights.get(name) as Tensor)).toEqual([...numbers(own), ...numbers(own)]);
        expect(largest(own.grad as Tensor)).toBeGreaterThan(0);
      }
    });
  });

  it.each<[string, EncoderOptions]>([
    ...Object.entries(smallEncoders),
    ['soundstream without layer norm', { ...smallEncoders.soundstream, layerNorm: false }],
  ])('have the gradients that differences show: %s', (_, encoder) => {
    scope(() => {
      using model = stirred(smallFewSound(kind, { encoder, target: learnable, ...double }));
      const audio = sounds();
      const w = directionLike(audio);
      const objective = () => model.forward(audio, t(), { factor: 0.7 }).mul(w).sum();
      objective().backward();
      const step = 1e-6;
      for (const [name, own] of model.parameters()) {
        scope(() => {
          const direction = directionLike(own);
          const slope = (own.grad as Tensor).mul(direction).sum().item();
          const before = own.detach().clone();
          const moved = (distance: number) =>
            noGrad(() => {
              own.copy_(before.add(direction.mul(distance)));
              const value = objective().item();
              own.copy_(before);
              return value;
            });
          const difference = (moved(step) - moved(-step)) / (2 * step);
          const error = Math.abs(slope - difference) / Math.max(1, Math.abs(slope));
          expect({ name, close: error < 1e-5 }).toEqual({ name, close: true });
        });
      }
      const heard = [...model.parameters().keys()].filter((name) => name.startsWith('encoder.'));
      for (const part of [...heard, 'universal.theta', 'universal.conv0.weight']) {
        const size = largest(parameter(model, part).grad as Tensor);
        expect({ part, moves: size > 0 }).toEqual({ part, moves: true });
      }
    });
  });
});

describe('the warm-up', () => {
  it('lets the update grow with the epoch, to its whole', () => {
    scope(() => {
      using model = smallFewSound('nerf', { dtype: 'float64' });
      expect([1, 25, 50, 51, 2500].map((epoch) => model.factorAt(epoch))).toEqual([
        0.02, 0.5, 1, 1, 1,
      ]);
      expect([model.epoch, model.updateFactor]).toEqual([undefined, 1]);
      const audio = smallSounds(2, { dtype: 'float64' });
      const [none, half, whole] = [0, 0.5, 1].map((factor) =>
        numbers(model.write(audio, { factor })),
      ) as [number[], number[], number[]];
      const theta = numbers(parameter(model, 'universal.theta'));
      expectClose(model.write(audio, { factor: 0 }), [...theta, ...theta], 0);
      expect(whole).not.toEqual(none);
      expectClose(
        model.write(audio, { factor: 0.5 }),
        none.map((value, i) => (value + (whole[i] as number)) / 2),
        1e-12,
      );
      model.epoch = 25;
      expect(numbers(model.write(audio))).toEqual(half);
      expect(numbers(model.forward(audio))).toEqual(
        numbers(model.forward(audio, undefined, { factor: 0.5 })),
      );
      expect(() => {
        model.epoch = -1;
      }).toThrow(/epoch is -1; expected a whole number/);
      using without = smallFewSound('nerf', { warmupEpochs: 0 });
      expect(without.factorAt(1)).toBe(1);
    });
  });

  it('is not there without universal weights', () => {
    scope(() => {
      using model = smallHyperSound('nerf');
      model.epoch = 1;
      const audio = smallSounds(2);
      expect(model.updateFactor).toBe(1);
      expect(numbers(model.write(audio, { factor: 0.1 }))).toEqual(numbers(model.write(audio)));
    });
  });
});

describe('the SoundStream encoder', () => {
  const free = { channels: 2, dimension: 3, strides: [2, 4, 5], layerNorm: false };

  it.each([2, 3, 39, 40, 41, 200, 333])('without layer norm takes %d samples', (samples) => {
    scope(() => {
      using model = smallHyperSound('nerf', { samples, encoder: free });
      const audio = smallSounds(2, { samples });
      expect(model.codes(audio).shape).toEqual([2, Math.ceil(samples / 40) * 3]);
      expect(model.forward(audio).shape).toEqual([2, samples]);
    });
  });

  it('hears nothing of the future', () => {
    scope(() => {
      using model = smallHyperSound('nerf', { samples: 200, encoder: free });
      const before = smallSounds(1, { samples: 200 });
      const after = before.clone();
      // The second step of a code ends with sample 40.
      noGrad(() => after.narrow(1, 41, 159).copy_(after.narrow(1, 41, 159).mul(-0.5)));
      const [first, second] = [before, after].map((audio) => model.codes(audio).reshape([3, 5]));
      const steps = (codes: Tensor | undefined, from: number, count: number) =>
        numbers((codes as Tensor).narrow(1, from, count));
      expect(steps(first, 0, 2)).toEqual(steps(second, 0, 2));
      expect(steps(first, 2, 1)).not.toEqual(steps(second, 2, 1));
    });
  });

  it('is followed by the code of theta, the same for all recordings', () => {
    scope(() => {
      using model = smallFewSound('kan');
      const codes = model.codes(smallSounds(2));
      const width = (SAMPLES / 8) * 2;
      expect(codes.shape).toEqual([2, 2 * width]);
      const [one, two] = [0, 1].map((row) => numbers(codes.select(0, row))) as [number[], number[]];
      expect(one.slice(width)).toEqual(two.slice(width));
      expect(one.slice(0, width)).not.toEqual(two.slice(0, width));
    });
  });

  it('gives a recording the same code in any company, to rounding', () => {
    scope(() => {
      using model = smallHyperSound('nerf');
      const three = smallSounds(3);
      expectClose(
        model.codes(three.narrow(0, 1, 1)),
        numbers(model.codes(three).select(0, 1)),
        1e-6,
      );
    });
  });
});
