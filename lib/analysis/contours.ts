// Marching squares: https://en.wikipedia.org/wiki/Marching_squares. Not those of d3-contour: it
// keeps the corners of a saddle apart whatever lies between them, draws a line that reaches the
// edge half a sample outside the grid, and can only be imported asynchronously.

import { FewSoundError } from '../errors.js';
import { nonNegativeNumber, optionsObject, parseOptions } from '../options.js';
import type { WignerVille } from './wigner-ville.js';

/** A point between samples of a grid. */
export type ContourPoint = readonly [x: number, y: number];

/** A closed line; the last point joins the first. */
export type ContourPolygon = readonly ContourPoint[];

/** Where a filter's energy is, as paper 2 draws it in Figure 4. */
export interface FilterContour {
  /** Closed lines of points [seconds, Hz] around what is above the threshold. */
  readonly polygons: readonly ContourPolygon[];
  /** Energy of the filter. */
  readonly energy: number;
  /** Energy over that of the strongest filter: the grey of the contour. */
  readonly grey: number;
}

/** Values row by row, [rows, columns]. */
export interface ContourGrid {
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

const schema = optionsObject({
  threshold: nonNegativeNumber
    .refine((value) => value < 1, { error: 'Expected a number from 0 to below 1' })
    .default(0.7),
});

/**
 * Contours of filters at a part of each one's highest value (paper 2, Figure 4: 0.7), with their
 * energy for the grey.
 *
 * @param options `threshold`: part of the highest value, from 0 to below 1
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function filterContours(
  distributions: readonly WignerVille[],
  options: { threshold?: number } = {},
): FilterContour[] {
  const { threshold } = parseOptions(schema, options, 'filterContours options');
  const strongest = distributions.reduce((most, { energy }) => Math.max(most, energy), 0);
  return distributions.map(({ values, frequencies, times, energy }) => {
    const peak = values.reduce((most, value) => Math.max(most, value), 0);
    const grid = { values, rows: frequencies.length, columns: times.length };
    const polygons = peak > 0 ? contourPolygons(grid, threshold * peak) : [];
    return {
      polygons: polygons.map((polygon) =>
        polygon.map(([x, y]): ContourPoint => [along(times, x), along(frequencies, y)]),
      ),
      energy,
      grey: strongest > 0 ? energy / strongest : 0,
    };
  });
}

/** The value between two samples of an even axis. */
function along(axis: Float64Array, position: number): number {
  const step = axis.length > 1 ? (axis[1] as number) - (axis[0] as number) : 0;
  return Math.min(
    Math.max((axis[0] as number) + position * step, axis[0] as number),
    axis.at(-1) as number,
  );
}

/**
 * Polygons around the part of a grid above a level, by marching squares; points are [column, row],
 * linearly between samples. What reaches the edge of the grid is closed along it. Where a cell is a
 * saddle its mean decides.
 *
 * @throws FewSoundError SHAPE_MISMATCH, INVALID_ARGUMENT for a level that is not finite
 */
export function contourPolygons(
  { values, rows, columns }: ContourGrid,
  level: number,
): ContourPolygon[] {
  if (values.length !== rows * columns || values.length === 0) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `contourPolygons: there are ${values.length} values for ${rows} rows of ${columns}.`,
      { field: 'values', shapes: [[values.length], [rows, columns]] },
    );
  }
  if (!Number.isFinite(level)) {
    throw new FewSoundError('INVALID_ARGUMENT', `contourPolygons: the level is ${level}.`, {
      field: 'level',
    });
  }
  const inside = (row: number, column: number) =>
    row >= 0 && column >= 0 && row < rows && column < columns;
  // Around the grid everything is below the level.
  const above = (row: number, column: number) =>
    inside(row, column) && (values[row * columns + column] as number) > level;

  const crossing = (row: number, column: number, toRow: number, toColumn: number): ContourPoint => {
    if (!inside(row, column)) return [toColumn, toRow];
    if (!inside(toRow, toColumn)) return [column, row];
    const from = values[row * columns + column] as number;
    const to = values[toRow * columns + toColumn] as number;
    const part = (level - from) / (to - from);
    return [column + part * (toColumn - column), row + part * (toRow - row)];
  };

  // An edge has a number: 2·place for the one to the right of a sample, 2·place + 1 for the one
  // below it.
  const width = columns + 2;
  const place = (row: number, column: number) => (row + 1) * width + column + 1;
  const points = new Map<number, ContourPoint>();
  const next = new Map<number, number>();
  for (let row = -1; row < rows; row++) {
    for (let column = -1; column < columns; column++) {
      const corners =
        (above(row, column) ? 8 : 0) +
        (above(row, column + 1) ? 4 : 0) +
        (above(row + 1, column + 1) ? 2 : 0) +
        (above(row + 1, column) ? 1 : 0);
      if (corners === 0 || corners === 15) continue;
      const edges = {
        top: 2 * place(row, column),
        left: 2 * place(row, column) + 1,
        bottom: 2 * place(row + 1, column),
        right: 2 * place(row, column + 1) + 1,
      };
      points.set(edges.top, crossing(row, column, row, column + 1));
      points.set(edges.left, crossing(row, column, row + 1, column));
      points.set(edges.bottom, crossing(row + 1, column, row + 1, column + 1));
      points.set(edges.right, crossing(row, column + 1, row + 1, column + 1));
      const high = () => {
        const four = [0, 1].flatMap((r) =>
          [0, 1].map((c) => values[(row + r) * columns + column + c] as number),
        );
        // A saddle has two corners above the level opposite each other; on the border there is
        // none.
        return four.reduce((sum, value) => sum + value, 0) / 4 > level;
      };
      for (const [from, to] of segmentsOf(corners, high)) next.set(edges[from], edges[to]);
    }
  }
  return joined(next, points);
}

type Edge = 'top' | 'left' | 'bottom' | 'right';
type Segment = readonly [from: Edge, to: Edge];

/**
 * Segments of a cell with what is above the level on the left; bits: upper left 8, upper right 4,
 * lower right 2, lower left 1.
 */
const segments: Readonly<Record<number, readonly Segment[]>> = {
  1: [['left', 'bottom']],
  2: [['bottom', 'right']],
  3: [['left', 'right']],
  4: [['right', 'top']],
  6: [['bottom', 'top']],
  7: [['left', 'top']],
  8: [['top', 'left']],
  9: [['top', 'bottom']],
  11: [['top', 'right']],
  12: [['right', 'left']],
  13: [['right', 'bottom']],
  14: [['bottom', 'left']],
};

function segmentsOf(corners: number, high: () => boolean): readonly Segment[] {
  if (corners === 5) {
    return high()
      ? [
          ['left', 'top'],
          ['right', 'bottom'],
        ]
      : [
          ['left', 'bottom'],
          ['right', 'top'],
        ];
  }
  if (corners === 10) {
    return high()
      ? [
          ['top', 'right'],
          ['bottom', 'left'],
        ]
      : [
          ['top', 'left'],
          ['bottom', 'right'],
        ];
  }
  return segments[corners] ?? [];
}

/** Follows the segments from edge to edge until they come back. */
function joined(
  next: Map<number, number>,
  points: ReadonlyMap<number, ContourPoint>,
): ContourPolygon[] {
  const polygons: ContourPolygon[] = [];
  for (const start of [...next.keys()]) {
    const polygon: ContourPoint[] = [];
    for (let edge: number | undefined = start; edge !== undefined; ) {
      const to: number | undefined = next.get(edge);
      if (to === undefined) break;
      next.delete(edge);
      polygon.push(points.get(edge) as ContourPoint);
      edge = to;
    }
    if (polygon.length > 0) polygons.push(polygon);
  }
  return polygons;
}
