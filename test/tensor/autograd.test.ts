import fc from 'fast-check';
import { gradients, noGrad, ops, scope, type Tensor, tensor, zeros } from '../../lib/tensor';
import { expectClose } from './expect-close';

const leaf = (data: number[] | number[][]) =>
  tensor(data, { dtype: 'float64', requiresGrad: true });

describe('backward', () => {
  it('gives the derivative', () => {
    scope(() => {
      const x = leaf([1, 2, 3]);
      x.pow(3).sum().backward();
      expectClose(x.grad as Tensor, [3, 12, 27]);
    });
  });

  it('adds to the gradient that is there, until zeroGrad', () => {
    scope(() => {
      const x = leaf([1, 2]);
      x.mul(2).sum().backward();
      x.mul(3).sum().backward();
      expectClose(x.grad as Tensor, [5, 5]);
      x.zeroGrad();
      expect(x.grad).toBeNull();
    });
  });

  it('takes the derivative of what comes after', () => {
    scope(() => {
      const x = leaf([1, 2]);
      x.mul(2).backward(tensor([1, 10], { dtype: 'float64' }));
      expectClose(x.grad as Tensor, [2, 20]);
    });
  });

  it('runs through a record again only where that was kept', () => {
    scope(() => {
      const x = leaf([3]);
      const y = x.square().sum();
      y.backward(null, { retainGraph: true });
      y.backward();
      expectClose(x.grad as Tensor, [12]);
      expect(() => y.backward()).toThrow(/second time/);
    });
  });

  it('reaches through views, broadcasting and operators in place', () => {
    scope(() => {
      const x = leaf([
        [1, 2],
        [3, 4],
      ]);
      const y = x
        .transpose()
        .select(0, 1)
        .add(zeros([3, 2], { dtype: 'float64' }));
      y.mul_(2).sum().backward();
      expectClose(x.grad as Tensor, [
        [0, 6],
        [0, 6],
      ]);
    });
  });

  it('differentiates complex intermediate values', () => {
    scope(() => {
      const x = leaf([1, 2, 3, 4]);
      x.rfft().abs().square().sum().backward();
      // One-sided energy: bins 0 and 2 once, bin 1 once, so d/dx of |X0|² + |X1|² + |X2|².
      const numeric = [1, 2, 3, 4].map((_, i) => {
        const energy = (h: number) => {
          const v = tensor(
            [1, 2, 3, 4].map((e, j) => e + (i === j ? h : 0)),
            { dtype: 'float64' },
          );
          return v.rfft().abs().square().sum().item();
        };
        return (energy(1e-5) - energy(-1e-5)) / 2e-5;
      });
      expectClose(x.grad as Tensor, numeric, 1e-6);
    });
  });

  it.each<[string, () => void, string]>([
    ['nothing was recorded', () => tensor([1]).sum().backward(), 'OPERATOR'],
    ['there are several elements', () => leaf([1, 2]).mul(2).backward(), 'OPERATOR'],
    [
      'the derivative has another shape',
      () =>
        leaf([1, 2])
          .mul(2)
          .backward(zeros([3], 'float64')),
      'SHAPE_MISMATCH',
    ],
  ])('is an error where %s', (_, run, code) => {
    expect(() => scope(run)).toThrow(expect.objectContaining({ code }));
  });

  it('agrees with differences for compositions of operators', () => {
    const steps: Record<string, (x: Tensor) => Tensor> = {
      sin: (x) => x.sin(),
      tanh: (x) => x.tanh(),
      sigmoid: (x) => x.sigmoid(),
      silu: (x) => x.silu(),
      softplus: (x) => x.softplus(),
      square: (x) => x.square(),
      roll: (x) => x.roll(1).mul(x),
      softmax: (x) => x.softmax(0),
      cumsum: (x) => x.cumsum(0),
      matrix: (x) => ops.outer(x, x).sum(0),
    };
    const composition = fc.array(fc.constantFrom(...Object.keys(steps)), {
      minLength: 1,
      maxLength: 4,
    });
    const point = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
      minLength: 2,
      maxLength: 5,
    });
    fc.assert(
      fc.property(composition, point, (names, values) => {
        scope(() => {
          const compute = (x: Tensor): Tensor =>
            names.reduce((y, name) => (steps[name] as (x: Tensor) => Tensor)(y), x).mean();
          const x = leaf(values);
          compute(x).backward();
          const numeric = values.map((_, i) => {
            const at = (h: number) =>
              compute(
                tensor(
                  values.map((v, j) => (i === j ? v + h : v)),
                  { dtype: 'float64' },
                ),
              ).item();
            return (at(1e-6) - at(-1e-6)) / 2e-6;
          });
          expectClose(x.grad as Tensor, numeric, 1e-5);
        });
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe('gradients', () => {
  it('returns derivatives and leaves grad alone', () => {
    scope(() => {
      const [x, y] = [leaf([2]), leaf([5])];
      const [dx, dy] = gradients(x.mul(y).sum(), [x, y]);
      expectClose(dx as Tensor, [5]);
      expectClose(dy as Tensor, [2]);
      expect([x.grad, y.grad]).toEqual([null, null]);
    });
  });

  it('is null where an input has no part in it', () => {
    scope(() => {
      const [x, y] = [leaf([2]), leaf([5])];
      expect(gradients(x.sum(), [x, y])[1]).toBeNull();
    });
  });

  it('can be differentiated again', () => {
    scope(() => {
      const x = leaf([2]);
      const [first] = gradients(x.pow(3).sum(), [x], { createGraph: true });
      const [second] = gradients((first as Tensor).sum(), [x]);
      expectClose(second as Tensor, [12]);
    });
  });

  it('weights several outputs', () => {
    scope(() => {
      const x = leaf([2]);
      const gradOutputs = [tensor([10], { dtype: 'float64' }), tensor([1], { dtype: 'float64' })];
      const [dx] = gradients([x.mul(3), x.square()], [x], { gradOutputs });
      expectClose(dx as Tensor, [34]);
    });
  });

  it('needs outputs, inputs, and as many weights as outputs', () => {
    scope(() => {
      const x = leaf([2]);
      expect(() => gradients([], [x])).toThrow(/at least one tensor each/);
      expect(() => gradients(x.sum(), [])).toThrow(/at least one tensor each/);
      expect(() => gradients(x.mul(2), [x], { gradOutputs: [x, x] })).toThrow(
        /2 tensors for 1 outputs/,
      );
    });
  });
});

describe('requiresGrad', () => {
  it('is inherited by results and can be set on leaves', () => {
    scope(() => {
      const x = zeros([2]);
      expect([x.requiresGrad, x.mul(2).requiresGrad]).toEqual([false, false]);
      x.requiresGrad = true;
      const y = x.mul(2);
      expect([y.requiresGrad, y.isLeaf, x.isLeaf, y.detach().requiresGrad]).toEqual([
        true,
        false,
        true,
        false,
      ]);
      expect(() => {
        y.requiresGrad = false;
      }).toThrow(/leaf/);
    });
  });

  it('is for real and complex floating point only', () => {
    scope(() => {
      const whole = zeros([2], 'int64');
      expect(() => {
        whole.requiresGrad = true;
      }).toThrow(expect.objectContaining({ code: 'DTYPE_MISMATCH' }));
    });
  });

  it('a gradient that is set must fit its tensor', () => {
    scope(() => {
      const x = leaf([1, 2]);
      x.grad = tensor([3, 4], { dtype: 'float64' });
      expectClose(x.grad as Tensor, [3, 4]);
      expect(() => {
        x.grad = zeros([3], 'float64');
      }).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
      expect(() => {
        x.grad = zeros([2]);
      }).toThrow(expect.objectContaining({ code: 'DTYPE_MISMATCH' }));
    });
  });
});

describe('noGrad', () => {
  const records = () => scope(() => zeros([1], { requiresGrad: true }).mul(2).requiresGrad);

  it('records nothing inside, and again after', () => {
    expect(noGrad(records)).toBe(false);
    expect(records()).toBe(true);
  });

  it('nests', () => {
    noGrad(() => {
      noGrad(() => undefined);
      expect(records()).toBe(false);
    });
    expect(records()).toBe(true);
  });

  it('ends with an error', () => {
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(records()).toBe(true);
  });

  it('refuses an async body, in words', () => {
    expect(() => noGrad(async () => 1)).toThrow(/must be synchronous/);
    expect(() => noGrad(async () => Promise.reject(new Error('later')))).toThrow(
      /must be synchronous/,
    );
    expect(records()).toBe(true);
  });
});
