import { ProcessGroup, tensor, threads } from '../../lib/index';
import { type FitOptions, fit } from '../../lib/train';
import { smallNetwork } from '../nn/small-networks';
import { glide, quickLoss } from '../train/glide';
import { freePort } from '../train/ranks';

const clip = glide();

async function fitted(options: FitOptions) {
  using network = smallNetwork('kan');
  return await fit(network, clip, { steps: 3, loss: quickLoss, ...options });
}

describe('threads of a fit', () => {
  const otherThan = (usual: number) => (usual > 1 ? 1 : 2);

  it('are its own: those of others stay as they are', async () => {
    const before = threads();
    const { threads: usual } = await fitted({});
    const other = otherThan(usual);
    const limited = await Promise.all(
      [20, 40, 60].map((steps) => fitted({ steps, threads: other })),
    );
    expect(limited.map((result) => result.threads)).toEqual([other, other, other]);
    expect(threads()).toBe(before);
    expect((await fitted({})).threads).toBe(usual);
  });

  it('are the usual number in a fit that begins during one with a limit', async () => {
    const { threads: usual } = await fitted({});
    let meanwhile: Promise<{ threads: number }> | undefined;
    const stop = new AbortController();
    await fitted({
      steps: 1_000_000,
      threads: otherThan(usual),
      stop: stop.signal,
      onProgress: () => {
        meanwhile ??= fitted({}).finally(() => stop.abort());
      },
    });
    expect((await meanwhile)?.threads).toBe(usual);
  });
});

describe('what onProgress throws', () => {
  it.each([
    ['a text', 'stop'],
    ['a number', 0],
    ['nothing', undefined],
    ['an error', new RangeError('enough')],
    ['a symbol', Symbol('enough')],
  ])('ends the fit and is what it rejects with: %s', async (_, thrown) => {
    const onProgress = () => {
      throw thrown;
    };
    const outcome = await fitted({ steps: 1_000_000, onProgress }).then(
      () => 'fulfilled',
      (error: unknown) => ({ error }),
    );
    expect(outcome).toEqual({ error: thrown });
  });
});

it('a result that cannot be given rejects: the tensors cannot be written to', async () => {
  const masterPort = await freePort();
  const where = { masterAddress: '127.0.0.1', masterPort };
  const group = await ProcessGroup.join({ rank: 0, size: 1, ...where });
  using one = tensor([1]);
  using three = one.expand([3]);
  await expect(group.mean([three])).rejects.toMatchObject({ code: 'OPERATOR' });
  group.dispose();
});
