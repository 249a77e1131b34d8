import { scope, tensor } from '../../lib/tensor';
import { AdamW } from '../../lib/train';

describe('AdamW', () => {
  it('makes the update of its definition', () => {
    scope(() => {
      const parameter = tensor([1, -2], { dtype: 'float64', requiresGrad: true });
      const optimizer = new AdamW([parameter], { learningRate: 0.1, weightDecay: 0.5 });
      let [x, m, v] = [
        [1, -2],
        [0, 0],
        [0, 0],
      ] as [number[], number[], number[]];
      for (let k = 1; k <= 3; k++) {
        optimizer.zeroGrad();
        parameter.square().sum().backward();
        optimizer.step();
        const g = x.map((value) => 2 * value);
        m = m.map((value, i) => 0.9 * value + 0.1 * (g[i] as number));
        v = v.map((value, i) => 0.999 * value + 0.001 * (g[i] as number) ** 2);
        x = x.map((value, i) => {
          const first = (m[i] as number) / (1 - 0.9 ** k);
          const second = Math.sqrt((v[i] as number) / (1 - 0.999 ** k));
          return value * (1 - 0.1 * 0.5) - (0.1 * first) / (second + 1e-8);
        });
        for (const [i, value] of [...parameter.data('float64')].entries()) {
          expect(value).toBeCloseTo(x[i] as number, 7);
        }
      }
      expect(optimizer.state.step).toBe(3);
      expect(optimizer.state.firstMoments[0]?.shape).toEqual([2]);
    });
  });

  it('leaves parameters without a gradient alone, and takes a rate for one step', () => {
    scope(() => {
      const used = tensor([1], { requiresGrad: true });
      const unused = tensor([1], { requiresGrad: true });
      const optimizer = new AdamW([used, unused]);
      used.sum().backward();
      optimizer.step(0);
      expect(used.item()).toBe(1);
      optimizer.step({ learningRate: 0.5, beta1: 0 });
      expect(used.item()).toBeLessThan(0.6);
      expect(unused.item()).toBe(1);
    });
  });

  it('goes on from a state that is put in', () => {
    scope(() => {
      const start = () => tensor([1, 2, 3], { dtype: 'float64', requiresGrad: true });
      const stepOf = (parameter: ReturnType<typeof start>, optimizer: AdamW) => {
        optimizer.zeroGrad();
        parameter.pow(4).sum().backward();
        optimizer.step();
      };
      const whole = start();
      const first = new AdamW([whole]);
      stepOf(whole, first);
      stepOf(whole, first);
      const continued = tensor([...whole.detach().data('float64')], {
        dtype: 'float64',
        requiresGrad: true,
      });
      const second = new AdamW([continued]);
      for (const moments of ['firstMoments', 'secondMoments'] as const) {
        second.state[moments][0]?.copy_(first.state[moments][0] as typeof whole);
      }
      second.stepCount = first.stepCount;
      stepOf(whole, first);
      stepOf(continued, second);
      expect([...continued.data('float64')]).toEqual([...whole.data('float64')]);
    });
  });

  it('refuses bad options and parameters', () => {
    scope(() => {
      const parameter = tensor([1], { requiresGrad: true });
      expect(() => new AdamW([parameter], { learningRate: -1 })).toThrow(/learningRate is -1/);
      expect(() => new AdamW([parameter], { lr: 1 } as object)).toThrow(/no such option/);
      expect(() => new AdamW([])).toThrow(/no parameters/);
      expect(() => new AdamW(null as never)).toThrow(/no parameters/);
      expect(() => new AdamW([parameter]).step(null as never)).toThrow(/step: the value is null/);
      expect(() => new AdamW([tensor([1])])).toThrow(/require a gradient/);
      expect(() => new AdamW([parameter]).step(Number.NaN)).toThrow(/learningRate|NaN/);
    });
  });
});
