import { fit } from './spectrogram.js';

/** The least and the greatest amplitude of each of equal stretches. */
export interface Shape {
  readonly least: ArrayLike<number>;
  readonly greatest: ArrayLike<number>;
}

export function shapeOf(samples: Float32Array, columns: number): Shape {
  const count = Math.min(columns, samples.length);
  const [least, greatest] = [new Float32Array(count), new Float32Array(count)];
  for (let column = 0; column < count; column++) {
    const from = Math.floor((column * samples.length) / count);
    const to = Math.floor(((column + 1) * samples.length) / count);
    let [low, high] = [samples[from] as number, samples[from] as number];
    for (let i = from + 1; i < to; i++) {
      const value = samples[i] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    [least[column], greatest[column]] = [low, high];
  }
  return { least, greatest };
}

/**
 * Draws shapes over each other, full scale from edge to edge. Into an image of its own: hundreds of
 * rectangles take several times as long, which what learns would have to wait for.
 */
export function drawShapes(
  canvas: HTMLCanvasElement,
  shapes: readonly { readonly shape: Shape; readonly color: string }[],
  peak = 1,
): void {
  fit(canvas);
  const { width, height } = canvas;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const y = (value: number) =>
    Math.round(height / 2 - (Math.max(-1, Math.min(1, value / peak)) * height) / 2.1);
  for (const { shape, color } of shapes) {
    const { least, greatest } = shape;
    const count = least.length;
    const own = pixelOf(color);
    for (let x = 0; x < width; x++) {
      const place = Math.floor((x * count) / width);
      const bottom = Math.min(height - 1, y(least[place] as number));
      for (let row = Math.max(0, y(greatest[place] as number)); row <= bottom; row++) {
        pixels[row * width + x] = own;
      }
    }
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** `#rrggbb` as a pixel, whose bytes begin with red. */
const pixelOf = (color: string) =>
  [5, 3, 1].reduce((all, at) => all * 256 + Number.parseInt(color.slice(at, at + 2), 16), 255);

/** A color of the page as it is now, for what is drawn. */
export const colorOf = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
