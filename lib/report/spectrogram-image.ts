import { FewSoundError } from '../native/errors.js';
import type { ColourScale } from './colour-map.js';
import { palette } from './colour-map.js';

/** A picture in PNG format. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

/** Values over time and frequency. */
export interface TimeFrequency {
  /** Row after row, [bins, frames], lowest frequency first. */
  readonly values: Float32Array;
  readonly bins: number;
  readonly frames: number;
}

/** Steps of colour: half a decibel each over 80 dB. More make the file larger and look the same. */
const LEVELS = 161;

/**
 * Draws values over time and frequency as a picture, one pixel a value, time to the right and
 * frequency upwards. Values beyond the scale get the colour of its end.
 *
 * @throws FewSoundError `SHAPE_MISMATCH` where there are not bins · frames values, `INVALID_ARGUMENT`
 *   for a scale whose ends are not in order
 */
export async function spectrogramImage(
  { values, bins, frames }: TimeFrequency,
  scale: ColourScale,
): Promise<PngImage> {
  const [low, high] = scale.domain;
  if (values.length !== bins * frames || values.length === 0) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `spectrogramImage: there are ${values.length} values for ${bins} bins in ${frames} frames.`,
      { field: 'values', shapes: [[values.length], [bins, frames]] },
    );
  }
  if (!(low < high)) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `spectrogramImage: the scale goes from ${low} to ${high}; expected two numbers, the first below the second.`,
      { field: 'domain' },
    );
  }
  const data = new Uint8Array(bins * frames);
  for (let bin = 0; bin < bins; bin++) {
    const row = (bins - 1 - bin) * frames;
    for (let frame = 0; frame < frames; frame++) {
      const value = values[bin * frames + frame] as number;
      const position = Math.min(1, Math.max(0, (value - low) / (high - low)));
      data[row + frame] = Math.round(position * (LEVELS - 1));
    }
  }
  // fast-png is an ES module.
  const { encode } = await import('fast-png');
  const png = encode(
    {
      width: frames,
      height: bins,
      data,
      channels: 1,
      depth: 8,
      palette: await palette(scale, LEVELS),
    },
    { zlib: { level: 9 } },
  );
  return { width: frames, height: bins, png };
}

/** The picture as a `data:` address, for a page that stands alone. */
export function imageDataUri(image: PngImage): string {
  return `data:image/png;base64,${Buffer.from(image.png).toString('base64')}`;
}
