import { runInNewContext } from 'node:vm';
import { cumulativeResponses, waveformFilters } from '../../lib/analysis';
import { createClip, encodeWav, loadClip, readAudio, resample } from '../../lib/audio';
import { mse, siSnr } from '../../lib/metrics';
import { KAN } from '../../lib/nn';
import { ops, scope, type Tensor, tensor } from '../../lib/tensor';
import { AdamW } from '../../lib/train';

/**
 * Values of another realm: what a vm context (Jest's, a sandbox) makes, and what `structuredClone`
 * and messages between threads bring. No class of theirs is one of ours, so `instanceof` is false
 * for all of them.
 */
const realms: [string, <T>(value: T) => T][] = [
  ['a vm context', moved],
  ['structuredClone', (value) => structuredClone(value)],
];

/** The same numbers in arrays and maps of a vm context. */
function moved<T>(value: T): T {
  return runInNewContext(
    `(function copy(value) {
      if (ArrayBuffer.isView(value)) return new globalThis[value[Symbol.toStringTag]](Array.from(value));
      if (kind(value) === 'ArrayBuffer') return new Uint8Array(Array.from(new mine(value))).buffer;
      return value;
    })(value)`,
    {
      value,
      mine: Uint8Array,
      kind: (each: object) => Object.prototype.toString.call(each).slice(8, -1),
    },
  ) as T;
}

const sine = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i / 9));

describe.each(realms)('a typed array of %s is one', (_, foreign) => {
  test('is none of ours, or this tests nothing', () => {
    if (foreign === moved) expect(foreign(sine)).not.toBeInstanceOf(Float32Array);
    expect([...foreign(sine)]).toEqual([...sine]);
  });

  test.each([
    ['float32', new Float32Array([1, 2])],
    ['float64', new Float64Array([1, 2])],
    ['int64', new Int32Array([1, 2])],
    ['int64', new Uint8Array([1, 2])],
    ['int64', new BigInt64Array([1n, 2n])],
  ])('as elements of a tensor of %s', (dtype, elements) => {
    scope(() => {
      const made = tensor(foreign(elements));
      expect({ dtype: made.dtype, elements: made.toArray() }).toEqual({
        dtype,
        elements: [1, 2],
      });
      expect(tensor(foreign(elements), { dtype: 'float64' }).dtype).toBe('float64');
    });
  });

  test('as samples of a clip, to be resampled, written and compared', () => {
    const samples = foreign(sine);
    expect(createClip(samples, 8000).length).toBe(2000);
    expect(resample(samples, 8000, 16_000)).toEqual(resample(sine, 8000, 16_000));
    expect(encodeWav({ samples, sampleRate: 8000 })).toEqual(
      encodeWav({ samples: sine, sampleRate: 8000 }),
    );
    expect(siSnr(samples, sine)).toBe(siSnr(sine, sine));
    expect(mse(samples, sine)).toBe(0);
  });

  test('as the bytes of a file', async () => {
    const wav = encodeWav({ samples: sine, sampleRate: 8000 }, { bitDepth: 32 });
    const { buffer } = new Uint8Array(wav);
    for (const bytes of [foreign(new Uint8Array(wav)), foreign(buffer)]) {
      const { channels, sampleRate } = await readAudio(bytes);
      expect({ channels, sampleRate }).toEqual({ channels: [sine], sampleRate: 8000 });
    }
    expect((await loadClip(foreign(new Uint8Array(wav)), { normalize: false })).samples).toEqual(
      sine,
    );
  });

  test('as what a layer of filters hears', () => {
    scope(() => {
      const filters = new Map([['conv.weight', ops.ones([3, 1, 8])]]);
      const { banks } = waveformFilters(filters, { sampleRate: 8000 });
      const options = { bins: 16 };
      expect(cumulativeResponses(banks, [foreign(sine)], options).crs).toEqual(
        cumulativeResponses(banks, [sine], options).crs,
      );
    });
  });
});

describe('maps, sets and signals of another realm', () => {
  const entriesIn = (kind: 'Map' | 'Set', entries: Iterable<unknown>) =>
    runInNewContext(`new ${kind}(entries)`, { entries });

  test('a Map of tensors goes into a network, an optimizer and a file, and out of a scope', async () => {
    using network = new KAN({ layers: [2], encoding: 2, seed: 1 });
    const state = entriesIn('Map', network.stateDict()) as Map<string, Tensor>;
    expect(() => network.loadStateDict(state)).not.toThrow();
    expect(
      () => new AdamW(entriesIn('Map', network.parameters()) as Map<string, Tensor>),
    ).not.toThrow();
    const kept = scope(() => entriesIn('Map', [['a', ops.ones([2])]]) as Map<string, Tensor>);
    expect(kept.get('a')?.toArray()).toEqual([1, 1]);
    kept.get('a')?.dispose();
    const [of] = scope(() => entriesIn('Set', [ops.ones([2])]) as Set<Tensor>);
    expect(of?.toArray()).toEqual([1, 1]);
    of?.dispose();
  });

  test('a signal is what behaves like one', async () => {
    const wav = encodeWav({ samples: sine, sampleRate: 8000 });
    const signal = Object.assign(new EventTarget(), { aborted: true, reason: 'enough' });
    await expect(loadClip(wav, { signal: signal as unknown as AbortSignal })).rejects.toMatchObject(
      { code: 'ABORTED', cause: 'enough' },
    );
    await expect(
      loadClip(wav, { signal: { aborted: 'no' } as unknown as AbortSignal }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'signal' });
  });
});
