import { setTimeout as sleep } from 'node:timers/promises';
import { gradients, keep, memory, ops, scope, type Tensor, tensor, zeros } from '../../lib/tensor';
import { ownedTensors } from '../../lib/tensor/scope';

const live = () => memory().tensors;

describe('scope', () => {
  it('frees what was made in it, except what it returns', () => {
    const before = live();
    let lost: Tensor | undefined;
    const kept = scope(() => {
      lost = zeros([3]);
      return lost.add(1).mul(2);
    });
    expect(live()).toBe(before + 1);
    expect([lost?.disposed, kept.disposed]).toEqual([true, false]);
    kept.dispose();
  });

  it.each<[string, (a: Tensor, b: Tensor) => unknown]>([
    ['an array', (a, b) => [a, [b]]],
    ['an object', (a, b) => ({ a, deep: { b } })],
    ['an object without a prototype', (a, b) => Object.assign(Object.create(null), { a, b })],
    [
      'a map',
      (a, b) =>
        new Map([
          ['a', a],
          ['b', b],
        ]),
    ],
    [
      'a map with tensors as keys',
      (a, b) =>
        new Map([
          [a, 1],
          [b, 2],
        ]),
    ],
    ['a set', (a, b) => new Set([a, b])],
    [
      'an object that says what it owns',
      (a, b) =>
        new (class {
          [ownedTensors]() {
            return [a, b];
          }
        })(),
    ],
    [
      'a circle',
      (a, b) => {
        const circle: unknown[] = [a, b];
        circle.push(circle);
        return circle;
      },
    ],
  ])('finds tensors in %s', (_, hold) => {
    const before = live();
    const made: Tensor[] = [];
    scope(() => {
      made.push(zeros([1]), zeros([1]), zeros([1]));
      return hold(made[0] as Tensor, made[1] as Tensor);
    });
    expect(made.map((each) => each.disposed)).toEqual([false, false, true]);
    for (const each of made) each.dispose();
    expect(live()).toBe(before);
  });

  it('passes survivors on to the scope around', () => {
    const before = live();
    const outer = scope(() => {
      const inner = scope(() => zeros([2]).add(1));
      expect(inner.disposed).toBe(false);
      expect(live()).toBe(before + 1);
      return { inner: inner.sum().item() };
    });
    expect(outer.inner).toBe(2);
    expect(live()).toBe(before);
  });

  it('frees everything with an error', () => {
    const before = live();
    expect(() =>
      scope(() => {
        zeros([2]).matmul(zeros([3]));
      }),
    ).toThrow(/size|shape/);
    expect(live()).toBe(before);
  });

  it('finds tensors in large results', () => {
    const before = live();
    const [list, kept] = scope(() => [zeros([200_000]).toArray(), zeros([1])] as const);
    expect(list).toHaveLength(200_000);
    expect([kept.disposed, live()]).toEqual([false, before + 1]);
    kept.dispose();
  });

  it('frees everything when the result cannot be looked into', async () => {
    const before = live();
    const result = () => {
      zeros([9]);
      return {
        get part() {
          throw new Error('on purpose');
        },
      };
    };
    expect(() => scope(result)).toThrow('on purpose');
    await expect(scope(async () => result())).rejects.toThrow('on purpose');
    expect(live()).toBe(before);
  });

  it('works with async bodies', async () => {
    const before = live();
    const kept = await scope(async () => {
      const x = zeros([2]);
      await sleep(1);
      return x.add(1).mul(3);
    });
    expect(live()).toBe(before + 1);
    expect(kept.toArray()).toEqual([3, 3]);
    kept.dispose();
  });

  it('frees everything when an async body fails', async () => {
    const before = live();
    const failing = scope(async () => {
      zeros([2]);
      await sleep(1);
      zeros([2]);
      throw new Error('later');
    });
    expect(live()).toBe(before + 1);
    await expect(failing).rejects.toThrow('later');
    expect(live()).toBe(before);
  });

  it('keeps async scopes that run at the same time apart', async () => {
    const before = live();
    const work = (pauses: number) =>
      scope(async () => {
        const mine = [zeros([1])];
        for (let i = 0; i < pauses; i++) {
          await sleep(1);
          expect(mine.every((each) => !each.disposed)).toBe(true);
          mine.push((mine.at(-1) as Tensor).add(1));
        }
        return (mine.at(-1) as Tensor).item();
      });
    expect(await Promise.all([1, 5, 3, 8].map(work))).toEqual([1, 5, 3, 8]);
    expect(live()).toBe(before);
  });

  it('gives work that outlives its scope to the scope around', async () => {
    const before = live();
    let late: Promise<Tensor> | undefined;
    await scope(async () => {
      scope(() => {
        late = sleep(5).then(() => zeros([1]));
      });
      const made = await (late as Promise<Tensor>);
      expect(made.disposed).toBe(false);
    });
    expect((await late)?.disposed).toBe(true);
    expect(live()).toBe(before);
  });

  it('takes a thenable for a promise', async () => {
    const before = live();
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    await scope(() => ({ then: (resolve: (value: number) => void) => resolve(zeros([1]).item()) }));
    expect(live()).toBe(before);
  });

  it('holds a thousand steps in constant memory', () => {
    const before = live();
    let most = 0;
    scope(() => {
      const w = zeros([16], { requiresGrad: true });
      for (let step = 0; step < 1000; step++) {
        scope(() => {
          const [gradient] = gradients(w.sub(1).square().sum(), [w]);
          w.detach().sub_(gradient as Tensor, 0.1);
        });
        most = Math.max(most, live());
      }
      expect(w.mean().item()).toBeCloseTo(1, 5);
    });
    expect(most).toBe(before + 1);
  });

  it('refuses what is no function', () => {
    expect(() => scope(1 as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('keep', () => {
  it('takes a tensor out of its scope', () => {
    const before = live();
    let kept: Tensor | undefined;
    scope(() => {
      scope(() => {
        kept = keep(zeros([2]));
      });
    });
    expect(kept?.disposed).toBe(false);
    kept?.dispose();
    expect(live()).toBe(before);
  });
});

describe('dispose', () => {
  it('frees at once, a second time does nothing', () => {
    const before = live();
    const x = zeros([2]);
    x.dispose();
    x.dispose();
    expect([x.disposed, live()]).toEqual([true, before]);
  });

  it('happens at the end of a block with using', () => {
    const before = live();
    {
      using x = tensor([1, 2]);
      using y = x.add(1);
      expect(y.toArray()).toEqual([2, 3]);
    }
    expect(live()).toBe(before);
  });

  it.each<[string, (x: Tensor) => unknown]>([
    ['an operator', (x) => x.add(1)],
    [
      'an operator that takes it by name',
      (x) => ops.linear(tensor([1]), tensor([[1]]), { bias: x }),
    ],
    ['an operator that takes it in a list', (x) => ops.cat([x])],
    ['shape', (x) => x.shape],
    ['data', (x) => x.data()],
    ['item', (x) => x.item()],
    ['backward', (x) => x.backward()],
  ])('leaves a tensor that %s refuses', (_, use) => {
    scope(() => {
      const x = zeros([1]);
      x.dispose();
      expect(() => use(x)).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
      expect(() => use(x)).toThrow(/disposed; keep\(\) it, or return it from its scope/);
    });
  });

  it('is shown', () => {
    const x = zeros([1]);
    expect(String(x)).toBe('Tensor float32 [1] cpu');
    x.dispose();
    expect(String(x)).toBe('Tensor (disposed)');
  });
});
