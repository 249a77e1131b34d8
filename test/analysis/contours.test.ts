import fc from 'fast-check';
import {
  type ContourPolygon,
  contourPolygons,
  filterBankOf,
  filterContours,
  wignerVille,
} from '../../lib/analysis';
import { scope } from '../../lib/tensor';

/** Positive where what is inside lies to the left. */
const area = (polygon: ContourPolygon) =>
  polygon.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length] as readonly [number, number];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);

describe('contourPolygons', () => {
  test('goes round a disc', () => {
    const size = 41;
    const values = Float64Array.from({ length: size * size }, (_, i) =>
      Math.hypot((i % size) - 20, Math.floor(i / size) - 20),
    ).map((distance) => -distance);
    const polygons = contourPolygons({ values, rows: size, columns: size }, -12);
    expect(polygons).toHaveLength(1);
    for (const [x, y] of polygons[0] as ContourPolygon)
      expect(Math.hypot(x - 20, y - 20)).toBeCloseTo(12, 1);
    expect(Math.abs(area(polygons[0] as ContourPolygon))).toBeCloseTo(Math.PI * 144, -1);
  });

  test('closes along the edge, and has nothing to draw where nothing is above', () => {
    const all = contourPolygons({ values: [1, 1, 1, 1, 1, 1], rows: 2, columns: 3 }, 0.5);
    expect(all).toHaveLength(1);
    expect(Math.abs(area(all[0] as ContourPolygon))).toBeCloseTo(2, 9);
    expect(contourPolygons({ values: [0, 0, 0, 0], rows: 2, columns: 2 }, 0.5)).toEqual([]);
  });

  test('lets the mean decide at a saddle', () => {
    const saddle = (low: number) =>
      contourPolygons({ values: [1, low, low, 1], rows: 2, columns: 2 }, 0.5).length;
    expect(saddle(0.4)).toBe(1);
    expect(saddle(-4)).toBe(2);
  });

  test('closes every line and turns the same way round whatever the values', () => {
    const grids = fc.integer({ min: 1, max: 7 }).chain((columns) =>
      fc
        .array(
          fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
            minLength: columns,
            maxLength: columns,
          }),
          { minLength: 1, maxLength: 7 },
        )
        .map((rows) => ({ values: rows.flat(), rows: rows.length, columns })),
    );
    fc.assert(
      fc.property(grids, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (grid, level) => {
        const polygons = contourPolygons(grid, level);
        for (const polygon of polygons) {
          polygon.forEach(([x, y], i) => {
            const [nextX, nextY] = polygon[(i + 1) % polygon.length] as readonly [number, number];
            expect(Math.max(Math.abs(nextX - x), Math.abs(nextY - y))).toBeLessThanOrEqual(
              1 + 1e-9,
            );
          });
        }
        const above = grid.values.some((value) => value > level);
        expect(polygons.length > 0).toBe(above);
      }),
      { numRuns: 200, seed: 9 },
    );
  });

  test('wants as many values as the grid has', () => {
    expect(() => contourPolygons({ values: [1], rows: 2, columns: 2 }, 0)).toThrow(
      /1 values for 2/,
    );
    expect(() => contourPolygons({ values: [1], rows: 1, columns: 1 }, Number.NaN)).toThrow(/NaN/);
  });
});

describe('filterContours', () => {
  test('finds a wave in seconds and hertz, with the grey of its energy', () => {
    const wave = (frequency: number, level: number) =>
      Array.from(
        { length: 100 },
        (_, n) =>
          level * Math.exp(-0.5 * ((n - 50) / 10) ** 2) * Math.cos(2 * Math.PI * frequency * n),
      );
    scope(() => {
      const filters = filterBankOf(
        {
          values: Float64Array.from([...wave(0.1, 1), ...wave(0.3, 0.5), ...wave(0, 0)]),
          filters: 3,
        },
        { sampleRate: 1000 },
      );
      const contours = filterContours(wignerVille(filters));
      expect(contours.map(({ grey }) => Number(grey.toFixed(2)))).toEqual([1, 0.25, 0]);
      expect(contours.map(({ polygons }) => polygons.length)).toEqual([1, 1, 0]);
      for (const [index, hertz] of [100, 300].entries()) {
        for (const [t, f] of contours.at(index)?.polygons[0] ?? []) {
          expect(Math.abs(t - 0.05)).toBeLessThan(0.02);
          expect(Math.abs(f - hertz)).toBeLessThan(20);
        }
      }
      expect(() => filterContours([], { threshold: 1 })).toThrow(/below 1/);
    });
  });
});
