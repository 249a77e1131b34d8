import fc from 'fast-check';
import { type Inr, load, Nerf, PiecewiseInr } from '../../lib/nn';
import { planPieces } from '../../lib/nn/piecewise-inr';
import { fadeIn } from '../../lib/player/pieces';
import { noGrad, scope, type Tensor } from '../../lib/tensor';
import { smallNetwork } from './small-networks';
import { temporaryFolder } from './temporary-folder';

const inFolder = temporaryFolder();

const plans = fc
  .record({
    overlap: fc.integer({ min: 2, max: 60 }),
    factor: fc.integer({ min: 4, max: 12 }),
    samples: fc.integer({ min: 1, max: 8000 }),
  })
  .map(({ overlap, factor, samples }) => ({ overlap, pieceSamples: overlap * factor, samples }));

describe('planPieces', () => {
  it('covers the recording, neighbours sharing exactly the overlap', () => {
    fc.assert(
      fc.property(plans, ({ samples, pieceSamples, overlap }) => {
        const pieces = planPieces(samples, pieceSamples, overlap);
        let end = 0;
        for (const [i, { start, length }] of pieces.entries()) {
          expect(start).toBe(i === 0 ? 0 : end - overlap);
          expect(length).toBeLessThanOrEqual(pieceSamples);
          if (pieces.length > 1) expect(length).toBeGreaterThanOrEqual(2 * overlap);
          end = start + length;
        }
        expect(end).toBe(samples);
      }),
    );
  });

  it('makes pieces of one length, give or take a sample, and no more than needed', () => {
    fc.assert(
      fc.property(plans, ({ samples, pieceSamples, overlap }) => {
        const lengths = planPieces(samples, pieceSamples, overlap).map(({ length }) => length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        const fewer = lengths.length - 1;
        expect(fewer * (pieceSamples - overlap) + overlap).toBeLessThan(
          lengths.length === 1 ? pieceSamples + 1 : samples,
        );
      }),
    );
  });
});

describe('the cross-fade', () => {
  it('rises from 0 to 1 and is a raised cosine', () => {
    expect(fadeIn(10, 10, 5)).toBe(0);
    expect(fadeIn(12, 10, 5)).toBeCloseTo(0.5, 15);
    expect(fadeIn(13, 10, 5)).toBeCloseTo(0.5 + 0.5 * Math.SQRT1_2, 15);
    expect(fadeIn(14, 10, 5)).toBe(1);
    expect(fadeIn(9, 10, 5)).toBe(0);
    expect(fadeIn(99, 10, 5)).toBe(1);
  });

  it('and its counterpart sum to exactly 1', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (part) => {
        const rising = fadeIn(part * 99, 0, 100);
        expect(rising + (1 - rising)).toBe(1);
      }),
    );
  });
});

/** A network that is the same amplitude at every time. */
function constant(amplitude: number): Inr {
  const network = new Nerf({ layers: [2], encoding: 1, seed: 0, dtype: 'float64' });
  noGrad(() =>
    scope(() => {
      for (const [name, tensor] of network.parameters()) {
        tensor.copy_(tensor.mul(0).add(name === 'layers.1.bias' ? amplitude : 0));
      }
    }),
  );
  return network;
}

function pieces(samples: number, pieceSamples: number, overlap: number, make: (i: number) => Inr) {
  const plan = planPieces(samples, pieceSamples, overlap);
  const networks = plan.map((_, i) => make(i));
  const clip = { sampleRate: 1000, samples };
  return new PiecewiseInr({ networks, pieces: plan, overlap, clip });
}

describe('a recording in pieces', () => {
  it('whose networks all say c renders c everywhere, at any rate and from anywhere', () => {
    fc.assert(
      fc.property(
        plans,
        fc.integer({ min: 300, max: 3000 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        ({ samples, pieceSamples, overlap }, sampleRate, start) => {
          fc.pre(samples >= 10 && samples / (pieceSamples - overlap) < 12);
          using whole = pieces(samples, pieceSamples, overlap, () => constant(0.75));
          const from = start * (samples / 1000);
          fc.pre(Math.round((samples / 1000 - from) * sampleRate) > 0);
          const other = (value: number) => value !== 0.75;
          expect(whole.render({ from, sampleRate }).filter(other)).toHaveLength(0);
          expect(whole.render(samples + 3).filter(other)).toHaveLength(0);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('fades from one network into the next, monotonically', () => {
    using whole = pieces(100, 60, 12, (i) => constant(i));
    const [first, second] = whole.pieces;
    const rendered = whole.render(100);
    const { start } = second as { start: number };
    expect(first).toEqual({ start: 0, length: 56 });
    expect(start).toBe(44);
    for (let i = 0; i <= 44; i++) expect(rendered[i]).toBe(0);
    for (let i = 45; i < 56; i++) expect(rendered[i]).toBeGreaterThan(rendered[i - 1] as number);
    for (let i = 55; i < 100; i++) expect(rendered[i]).toBe(1);
  });

  it('is inside a piece what its network says', () => {
    using whole = pieces(300, 120, 20, (i) => smallNetwork('kan', { seed: i, dtype: 'float64' }));
    const rendered = whole.render({});
    expect(rendered.length).toBe(300);
    for (const [i, { start, length }] of whole.pieces.entries()) {
      const own = (whole.networks[i] as Inr).render(length);
      for (let j = 20; j < length - 20; j++) {
        expect(rendered[start + j]).toBeCloseTo(own[j] as number, 6);
      }
    }
    const stretch = whole.render({ from: 0.05, to: 0.25 });
    for (const [i, value] of stretch.entries())
      expect(value).toBeCloseTo(rendered[50 + i] as number, 6);
    expect(whole.render({ sampleRate: 4000 }).length).toBe(1200);
  });

  it('is saved and loaded as one file', async () => {
    const path = inFolder('pieces.safetensors');
    using whole = pieces(300, 120, 20, (i) => smallNetwork(i === 1 ? 'wire' : 'kan', { seed: i }));
    await whole.save(path, { note: 'three' });
    using loaded = (await load(path)) as PiecewiseInr;
    expect(loaded).toBeInstanceOf(PiecewiseInr);
    expect(loaded.kind).toBe('piecewise');
    expect(loaded.pieces).toEqual(whole.pieces);
    expect(loaded.clip).toEqual(whole.clip);
    expect(loaded.parameterCount).toBe(whole.parameterCount);
    expect(loaded.networks.map(({ kind }) => kind)).toEqual(['kan', 'wire', 'kan']);
    expect(loaded.render(300)).toEqual(whole.render(300));
  });

  it('refuses pieces that do not fit together', () => {
    const make = (parts: object) => {
      const networks = [constant(0), constant(1)];
      const clip = { sampleRate: 1000, samples: 100 };
      const plan = [
        { start: 0, length: 56 },
        { start: 44, length: 56 },
      ];
      try {
        return new PiecewiseInr({ networks, pieces: plan, overlap: 12, clip, ...parts });
      } finally {
        for (const network of networks) network.dispose();
      }
    };
    expect(() => make({})).not.toThrow();
    expect(() => make({ overlap: 10 })).toThrow(/piece 1 starts at 44; expected 46/);
    expect(() => make({ networks: [] })).toThrow(/0 networks for 2 pieces/);
    expect(() => make({ clip: { sampleRate: 1000, samples: 101 } })).toThrow(/end at sample 100/);
    expect(() => make({ overlap: 2 ** 40 })).toThrow(/pieces/);
  });

  it('frees its networks', () => {
    const whole = pieces(300, 120, 20, () => constant(1));
    whole.dispose();
    expect(() => whole.render(3)).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    const parameter = () => [...(whole.networks[0] as Inr).parameters().values()][0] as Tensor;
    expect(parameter).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
  });
});
