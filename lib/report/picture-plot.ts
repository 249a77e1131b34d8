import type { Markup } from './html.js';
import { plotMarkup } from './svg-plot.js';

/** Pixels of a panel, axes included, and of the height of its picture. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

/** An axis along a picture, from its first pixel to its last. */
export interface PictureAxis {
  readonly title: string;
  readonly domain: readonly [number, number];
  /** Default 'linear'. */
  readonly type?: 'linear' | 'log';
}

/** A picture with axes. `label` says what it shows to those who cannot see it. */
export async function picturePlot(
  imageUri: string,
  axes: { readonly x: PictureAxis; readonly y: PictureAxis },
  label: string,
  panel: PanelSize,
): Promise<Markup> {
  const width = panel.width - 50;
  return plotMarkup(
    () => ({
      width,
      height: panel.height,
      data: { values: [{}] },
      layer: [
        {
          mark: {
            type: 'image',
            width,
            height: panel.height,
            align: 'left',
            baseline: 'top',
            aspect: false,
          },
          encoding: { url: { value: imageUri }, x: { value: 0 }, y: { value: 0 } },
        },
        {
          // Carries the axes.
          mark: { type: 'rule', opacity: 0 },
          encoding: { x: channel(axes.x, 5), y: channel(axes.y, 6) },
        },
      ],
    }),
    { wide: panel.width },
    label,
  );
}

function channel({ title, domain, type = 'linear' }: PictureAxis, tickCount: number) {
  return {
    datum: domain[0],
    type: 'quantitative' as const,
    scale: { domain: [...domain], nice: false, type },
    axis: { title, grid: false, tickCount, ...(type === 'log' && { format: '~g' }) },
  };
}
