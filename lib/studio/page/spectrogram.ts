import { Fourier } from './fft.js';

const WINDOW = 1024;
const fourier = new Fourier(WINDOW);
const hann = Float64Array.from(
  { length: WINDOW },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW),
);

/** Columns and rows of a picture; rows are spaced as pitches are heard. */
const COLUMNS = 160;
const ROWS = 96;

/** What is below the loudest by more is black. */
const RANGE = 80;

/** A sound over time and frequency: dB, [COLUMNS][ROWS], low frequencies first. */
export type Levels = Float32Array;

const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
const hertz = (mels: number) => 700 * (10 ** (mels / 2595) - 1);

const edgesOf = new Map<number, Uint16Array>();

/** The bins where rows begin, and the end of the last. */
function edges(rate: number): Uint16Array {
  const known = edgesOf.get(rate);
  if (known !== undefined) return known;
  const top = mel(rate / 2);
  const made = Uint16Array.from({ length: ROWS + 1 }, (_, row) =>
    Math.min(WINDOW / 2, Math.round((hertz((top * row) / ROWS) / rate) * WINDOW)),
  );
  edgesOf.set(rate, made);
  return made;
}

/** The levels of a sound. Two columns go through one transform: one real, one imaginary. */
export function levelsOf(samples: Float32Array, rate: number): Levels {
  const levels = new Float32Array(COLUMNS * ROWS);
  const [real, imaginary] = [new Float64Array(WINDOW), new Float64Array(WINDOW)];
  const bounds = edges(rate);
  const frame = (column: number, into: Float64Array) => {
    const middle = Math.round(((column + 0.5) * samples.length) / COLUMNS);
    const first = middle - WINDOW / 2;
    into.fill(0);
    // What lies outside is no number, which is slow to ask for.
    const end = Math.min(WINDOW, samples.length - first);
    for (let i = Math.max(0, -first); i < end; i++) {
      into[i] = (samples[first + i] as number) * (hann[i] as number);
    }
  };
  for (let column = 0; column < COLUMNS; column += 2) {
    frame(column, real);
    frame(column + 1, imaginary);
    const [re, im] = fourier.transform(real, imaginary);
    for (let row = 0; row < ROWS; row++) {
      const from = bounds[row] as number;
      const to = Math.max(from + 1, bounds[row + 1] as number);
      let even = 1e-12;
      let odd = 1e-12;
      for (let bin = from; bin < to; bin++) {
        const other = (WINDOW - bin) % WINDOW;
        const a = (re[bin] as number) + (re[other] as number);
        const b = (im[bin] as number) - (im[other] as number);
        const c = (im[bin] as number) + (im[other] as number);
        const d = (re[other] as number) - (re[bin] as number);
        even += a * a + b * b;
        odd += c * c + d * d;
      }
      const count = 4 * (to - from);
      levels[column * ROWS + row] = 10 * Math.log10(even / count);
      levels[(column + 1) * ROWS + row] = 10 * Math.log10(odd / count);
    }
  }
  return levels;
}

/** The loudest of a sound, dB: others are shown in relation to it. */
export const loudest = (levels: Levels) => levels.reduce((most, level) => Math.max(most, level));

type Color = readonly [number, number, number];

/** 256 pixels between a few colors, evenly spaced. */
function ramp(...stops: readonly Color[]): Uint32Array {
  const bytes = new Uint8ClampedArray(256 * 4).fill(255);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const index = Math.min(stops.length - 2, Math.floor(place));
    const [from, to] = [stops[index] as Color, stops[index + 1] as Color];
    for (let channel = 0; channel < 3; channel++) {
      const [a, b] = [from[channel] as number, to[channel] as number];
      bytes[4 * i + channel] = a + (b - a) * (place - index);
    }
  }
  return new Uint32Array(bytes.buffer);
}

// Magma, and blue and red over the color of the page: too quiet, too loud.
const magma = ramp(
  ...([
    [0, 0, 4],
    [40, 17, 89],
    [101, 26, 128],
    [160, 47, 127],
    [216, 69, 108],
    [248, 118, 92],
    [254, 186, 128],
    [252, 253, 191],
  ] as const),
);
const differences = {
  light: ramp([21, 76, 158], [120, 170, 220], [250, 250, 249], [238, 150, 110], [178, 34, 34]),
  dark: ramp([120, 180, 255], [44, 92, 160], [27, 30, 36], [160, 70, 50], [255, 140, 110]),
};

/** Draws levels over a whole canvas; `relative` to the loudest of the original. */
export function drawLevels(canvas: HTMLCanvasElement, levels: Levels, relative: number): void {
  paint(canvas, magma, (index) => ((levels[index] as number) - relative + RANGE) / RANGE);
}

/** Draws how far levels are from those of the original: 24 dB and more have the full color. */
export function drawDifference(
  canvas: HTMLCanvasElement,
  levels: Levels,
  original: Levels,
  relative: number,
  dark: boolean,
): void {
  const floor = relative - RANGE;
  paint(canvas, dark ? differences.dark : differences.light, (index) => {
    const now = Math.max(floor, levels[index] as number);
    return 0.5 + (now - Math.max(floor, original[index] as number)) / 48;
  });
}

/** The place of a value from 0 to 1 in a ramp. */
const colorAt = (value: number) => Math.max(0, Math.min(255, Math.round(value * 255)));

function paint(
  canvas: HTMLCanvasElement,
  colors: Uint32Array,
  valueAt: (index: number) => number,
): void {
  const image = new ImageData(COLUMNS, ROWS);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = 0; column < COLUMNS; column++) {
    for (let row = 0; row < ROWS; row++) {
      const color = colorAt(valueAt(column * ROWS + row));
      pixels[(ROWS - 1 - row) * COLUMNS + column] = colors[color] as number;
    }
  }
  // The page stretches it to its place.
  if (canvas.width !== COLUMNS) [canvas.width, canvas.height] = [COLUMNS, ROWS];
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** Draws values from 0 to 1, [rows][columns], a pixel each, which the page stretches. */
export function drawMap(
  canvas: HTMLCanvasElement,
  columns: number,
  values: readonly number[],
): void {
  const image = new ImageData(columns, Math.max(1, values.length / columns));
  const pixels = new Uint32Array(image.data.buffer);
  for (const [index, value] of values.entries()) pixels[index] = magma[colorAt(value)] as number;
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** Gives a canvas the pixels of its place on the screen. */
export function fit(canvas: HTMLCanvasElement): void {
  const scale = Math.min(2, devicePixelRatio);
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
