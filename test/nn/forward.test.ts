import { type InrKind, inrKinds, timeAxis } from '../../lib/nn';
import { noGrad, ops, scope, type Tensor, tensor } from '../../lib/tensor';
import { smallNetwork } from './small-networks';

const numbers = (values: Tensor) => [...(values.data() as Float32Array)];

describe.each(inrKinds)('%s', (kind) => {
  it('maps times to amplitudes of the same shape', () => {
    scope(() => {
      using network = smallNetwork(kind);
      const t = timeAxis(17);
      const flat = network.forward(t);
      expect(flat.shape).toEqual([17, 1]);
      const batched = network.forward(ops.stack([t, t.mul(0.5)]));
      expect(batched.shape).toEqual([2, 17, 1]);
      const first = numbers(batched.select(0, 0));
      for (const [i, value] of numbers(flat).entries()) expect(first[i]).toBeCloseTo(value, 5);
    });
  });

  it('gives the same numbers twice', () => {
    scope(() => {
      using network = smallNetwork(kind);
      const t = timeAxis(64);
      expect(numbers(network.forward(t))).toEqual(numbers(network.forward(t)));
    });
  });

  it('computes in float64 when asked, close to float32', () => {
    scope(() => {
      using single = smallNetwork(kind);
      using double = smallNetwork(kind).to({ dtype: 'float64' });
      expect(double.dtype).toBe('float64');
      const exact = double.forward(timeAxis(33, { dtype: 'float64' }));
      expect(exact.dtype).toBe('float64');
      const rounded = numbers(single.forward(timeAxis(33)));
      for (const [i, value] of numbers(exact).entries()) {
        expect(Math.abs((rounded[i] as number) - value)).toBeLessThan(1e-3);
      }
    });
  });

  it('refuses times of a wrong shape or dtype, and itself once disposed of', () => {
    scope(() => {
      const network = smallNetwork(kind);
      expect(() => network.forward(tensor([0, 1]))).toThrow(
        expect.objectContaining({ message: expect.stringContaining('[samples, 1]') }),
      );
      expect(() => network.forward(timeAxis(4, { dtype: 'float64' }))).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      const [parameter] = network.parameters().values();
      network.dispose();
      network.dispose();
      expect(() => network.forward(timeAxis(4))).toThrow(
        expect.objectContaining({ code: 'DISPOSED' }),
      );
      expect((parameter as Tensor).disposed).toBe(true);
    });
  });
});

// FINER's factor |x| + 1 counts as a constant in the gradient, by its definition: the golden file
// has that.
it.each(inrKinds.filter((kind) => kind !== 'finer'))(
  '%s has the gradients that differences show',
  (kind) => {
    scope(() => {
      using network = smallNetwork(kind, { dtype: 'float64' });
      const t = ops.linspace(-0.97, 0.93, 23, { dtype: 'float64' }).unsqueeze(1);
      const w = ops.cos(t.mul(5));
      const objective = () => network.forward(t).mul(w).sum();
      objective().backward();
      for (const parameter of network.parameters().values()) {
        const direction = directionLike(parameter);
        const slope = realDot(parameter.grad as Tensor, direction);
        const moved = (distance: number) =>
          noGrad(() => {
            parameter.copy_(ops.add(parameter, direction.mul(distance)));
            const value = objective().item();
            parameter.copy_(ops.sub(parameter, direction.mul(distance)));
            return value;
          });
        const step = 1e-6;
        const difference = (moved(step) - moved(-step)) / (2 * step);
        expect(Math.abs(slope - difference)).toBeLessThan(1e-5 * Math.max(1, Math.abs(slope)));
      }
    });
  },
);

// LibTorch only remembers that the imaginary part of a conjugate is negative; one number is
// contiguous as it is.
describe('one number that is marked as negative', () => {
  const negative = (value: number) =>
    ops.imag(ops.conj(tensor([[[0, value]]], { dtype: 'complex64' })));

  it.each(inrKinds)('is a time and a gradient of a %s', (kind) => {
    scope(() => {
      using network = smallNetwork(kind);
      const plain = (value: number) => tensor([[value]]);
      expect(network.forward(negative(0.4)).item()).toBe(network.forward(plain(-0.4)).item());
      const gradientsFor = (gradient: Tensor) => {
        for (const parameter of network.parameters().values()) parameter.grad = null;
        network.forward(plain(0.3)).backward(gradient);
        return [...network.parameters().values()].map(({ grad }) => grad?.toArray());
      };
      expect(gradientsFor(negative(2))).toEqual(gradientsFor(plain(-2)));
    });
  });
});

/** Numbers in (-1, 1) in the shape and dtype of a tensor. */
function directionLike(parameter: Tensor): Tensor {
  const complex = parameter.dtype === 'complex128';
  const size = parameter.size * (complex ? 2 : 1);
  const flat = ops.sin(ops.arange(1, size + 1, { dtype: 'float64' }).mul(1.7));
  if (!complex) return flat.reshape([...parameter.shape]);
  return flat.reshape([...parameter.shape, 2]).viewAsComplex();
}

/** Sum of products; of complex numbers those of the real parts and those of the imaginary ones. */
function realDot(a: Tensor, b: Tensor): number {
  const real = (value: Tensor) =>
    value.dtype === 'complex128' ? value.detach().viewAsReal() : value;
  return real(a).mul(real(b)).sum().item();
}

describe.each<InrKind>(['kan', 'nerf', 'siren'])('%s with weights per sample', (kind) => {
  it('gives what its own weights give', () => {
    scope(() => {
      using network = smallNetwork(kind, { dtype: 'float64' });
      using other = smallNetwork(kind, { seed: 12, dtype: 'float64' });
      const t = timeAxis(21, { dtype: 'float64' });
      const weights = Object.fromEntries(
        network.weightLayout().map(({ name }) => {
          const both = [network, other].map((one) => one.parameters().get(name) as Tensor);
          return [name, ops.stack(both)];
        }),
      );
      const result = network.forward(t, weights);
      expect(result.shape).toEqual([2, 21, 1]);
      for (const [i, own] of [network, other].entries()) {
        const expected = numbers(own.forward(t));
        const given = numbers(result.select(0, i));
        for (const [j, value] of expected.entries()) {
          expect(Math.abs((given[j] as number) - value)).toBeLessThan(1e-12);
        }
      }
    });
  });

  it('passes gradients to the weights', () => {
    scope(() => {
      using network = smallNetwork(kind);
      const weights = new Map(
        network.weightLayout().map(({ name }) => {
          const leaf = (network.parameters().get(name) as Tensor).detach().unsqueeze(0).clone();
          leaf.requiresGrad = true;
          return [name, leaf];
        }),
      );
      network.forward(timeAxis(9), weights).square().sum().backward();
      for (const leaf of weights.values()) {
        expect(leaf.grad?.shape).toEqual(leaf.shape);
      }
    });
  });

  it('names the weight that is missing, superfluous or of another shape', () => {
    scope(() => {
      using network = smallNetwork(kind);
      const t = timeAxis(5);
      const good = Object.fromEntries(
        [...network.parameters()].map(([name, own]) => [name, own.detach().unsqueeze(0)]),
      );
      const first = network.weightLayout()[0]?.name as string;
      const { [first]: one, ...rest } = good;
      expect(() => network.forward(t, rest)).toThrow(`"${first}"`);
      expect(() => network.forward(t, { ...good, extra: one as Tensor })).toThrow('"extra"');
      const flat = (one as Tensor).flatten();
      expect(() => network.forward(t, { ...good, [first]: flat })).toThrow(`"${first}"`);
    });
  });
});

it.each<InrKind>(['rff', 'finer', 'wire'])(
  '%s says that it takes no weights per sample',
  (kind) => {
    scope(() => {
      using network = smallNetwork(kind);
      expect(() => network.forward(timeAxis(5), {})).toThrow(/takes no weights per sample/);
    });
  },
);

describe('parameters', () => {
  it('are the network’s own: what is written into them is what it computes with', () => {
    scope(() => {
      using network = smallNetwork('nerf');
      const bias = network.parameters().get('layers.2.bias') as Tensor;
      const t = timeAxis(3);
      const before = numbers(network.forward(t));
      noGrad(() => bias.copy_(bias.add(1)));
      const after = numbers(network.forward(t));
      for (const [i, value] of before.entries()) expect(after[i]).toBeCloseTo(value + 1, 5);
    });
  });

  it('stay the same tensors in another dtype', () => {
    using network = smallNetwork('kan');
    const [parameter] = network.parameters().values();
    network.to({ dtype: 'float64' });
    expect((parameter as Tensor).dtype).toBe('float64');
    expect(network.options.dtype).toBe('float64');
    expect(() => network.to({ dtype: 'int64' as 'float32' })).toThrow(/'float32' or 'float64'/);
  });

  it('are loaded all or none', () => {
    scope(() => {
      using network = smallNetwork('siren');
      using other = smallNetwork('siren', { seed: 99 });
      const before = numbers(network.forward(timeAxis(8)));
      const state = other.stateDict();
      const bad = new Map([...state, ['layers.2.bias', tensor([1, 2])]]);
      expect(() => network.loadStateDict(bad)).toThrow(
        expect.objectContaining({ code: 'SHAPE_MISMATCH', field: 'layers.2.bias' }),
      );
      const wide = new Map([...state, ['layers.2.bias', tensor([1], { dtype: 'float64' })]]);
      expect(() => network.loadStateDict(wide)).toThrow(
        expect.objectContaining({ code: 'DTYPE_MISMATCH' }),
      );
      expect(() => network.loadStateDict(null as never)).toThrow(/state is null; expected tensors/);
      expect(() => network.loadStateDict({ a: 3 as never })).toThrow(
        /expected a Tensor, but got num/,
      );
      expect(() => network.loadStateDict({})).toThrow(/"layers\.0\.weight" is missing/);
      const unknown = new Map([...state, ['layers.9.bias', tensor([1])]]);
      expect(() => network.loadStateDict(unknown)).toThrow(/"layers\.9\.bias" is not a tensor/);
      expect(numbers(network.forward(timeAxis(8)))).toEqual(before);
      network.loadStateDict(state);
      expect(numbers(network.forward(timeAxis(8)))).toEqual(numbers(other.forward(timeAxis(8))));
    });
  });
});
