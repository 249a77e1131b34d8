import { loadVega } from './svg-plot.js';

/**
 * Colour schemes, by vega's names: perceptually uniform ones from dark to light, and two that part
 * from a light middle.
 */
export type ColourScheme = 'magma' | 'inferno' | 'viridis' | 'cividis' | 'blueorange' | 'redblue';

/** Values spread linearly over a colour scheme: the ends of `domain` get the ends of the scheme. */
export interface ColourScale {
  readonly scheme: ColourScheme;
  readonly domain: readonly [number, number];
  /** The scheme from its last colour to its first. */
  readonly reverse?: boolean;
}

/** Red, green, blue, 0..255. */
export type Colour = [number, number, number];

/** `levels` colours at equal distances along the scale. */
export async function palette(scale: ColourScale, levels: number): Promise<Colour[]> {
  const { scheme } = await loadVega();
  const interpolate = scheme(scale.scheme);
  return Array.from({ length: levels }, (_, index) => {
    const position = index / (levels - 1);
    const [red = 0, green = 0, blue = 0] = channels(
      interpolate(scale.reverse ? 1 - position : position),
    );
    return [red, green, blue];
  });
}

function channels(colour: string): number[] {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  return hex
    ? hex.slice(1).map((part) => Number.parseInt(part, 16))
    : (colour.match(/\d+/g) ?? []).map(Number);
}

/** The scale as a CSS gradient, from left to right. */
export async function gradient(scale: ColourScale): Promise<string> {
  const stops = (await palette(scale, 17)).map((rgb) => `rgb(${rgb.join(' ')})`);
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
