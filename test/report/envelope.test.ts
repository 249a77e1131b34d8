import { envelope, loudestStretch } from '../../lib/report/waveform-plot';

describe('envelope', () => {
  test('keeps every value when there is a column for each', () => {
    expect(envelope([3, -1, 2], 10)).toEqual([
      { index: 0, low: 3, high: 3, mean: 3 },
      { index: 1, low: -1, high: -1, mean: -1 },
      { index: 2, low: 2, high: 2, mean: 2 },
    ]);
  });

  test('holds the extremes of a long signal, wherever they are', () => {
    const values = new Float32Array(100_003);
    values[77_777] = 1;
    values[99_999] = -0.5;
    const columns = envelope(values, 500);
    expect(columns).toHaveLength(500);
    expect(Math.max(...columns.map(({ high }) => high))).toBe(1);
    expect(Math.min(...columns.map(({ low }) => low))).toBe(-0.5);
  });

  test('leaves out what is not finite', () => {
    expect(envelope([1, Number.NaN, 3, Number.POSITIVE_INFINITY], 1)).toEqual([
      { index: 1.5, low: 1, high: 3, mean: 2 },
    ]);
    expect(envelope([Number.NaN], 1)).toEqual([]);
  });
});

describe('loudestStretch', () => {
  test('finds where the energy is', () => {
    const samples = new Float32Array(1000);
    samples.fill(0.5, 600, 650);
    expect(loudestStretch(samples, 50)).toBe(600);
  });

  test('begins at the start of a recording that is no longer than the stretch', () => {
    expect(loudestStretch(new Float32Array(10), 50)).toBe(0);
  });
});
