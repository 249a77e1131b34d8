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

/** Clears a canvas and draws shapes over each other, full scale from edge to edge. */
export function drawShapes(
  canvas: HTMLCanvasElement,
  shapes: readonly { readonly shape: Shape; readonly color: string }[],
  peak = 1,
): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const y = (value: number) =>
    height / 2 - (Math.max(-1, Math.min(1, value / peak)) * height) / 2.1;
  for (const { shape, color } of shapes) {
    const { least, greatest } = shape;
    const step = width / least.length;
    context.fillStyle = color;
    for (let i = 0; i < least.length; i++) {
      const top = Math.round(y(greatest[i] as number));
      const left = Math.round(i * step);
      // On whole pixels: a path of them, or halves of pixels, take several times as long.
      const right = Math.max(left + 1, Math.round((i + 1) * step));
      const bottom = Math.max(top + 1, Math.round(y(least[i] as number)));
      context.fillRect(left, top, right - left, bottom - top);
    }
  }
}

/** A color of the page as it is now, for what is drawn. */
export const colorOf = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
