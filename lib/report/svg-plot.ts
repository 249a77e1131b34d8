import type { Config, TopLevelSpec } from 'vega-lite';
import { Markup, PAGE_STYLE } from './page.js';

/**
 * A plot of a page as a file of its own: in the light colors of the style sheet, which it does not
 * have beside it.
 */
export function svgFile(plot: Markup): string {
  const light = new Map(
    [...PAGE_STYLE.slice(0, PAGE_STYLE.indexOf('}')).matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(
      ([, name, value]) => [name, value] as const,
    ),
  );
  const end = plot.text.indexOf('</svg>') + '</svg>'.length;
  return `${plot.text
    .slice(0, end)
    .replace(/var\((--[\w-]+)\)/g, (whole, name) => light.get(name) ?? whole)
    .replace(/font-family="inherit"/g, 'font-family="sans-serif"')
    .replace(
      /^<svg /,
      '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ',
    )}\n`;
}

/** The part of vega that its type declarations leave out. */
interface Schemes {
  /** The interpolator of a continuous color scheme. */
  scheme(name: string): (position: number) => string;
}

/** Vega takes a tenth of a second to load; importing fewsound should not cost that. */
export async function loadVega(): Promise<typeof import('vega') & Schemes> {
  const { default: vega } = await import('vega');
  return vega as unknown as typeof import('vega') & Schemes;
}

export async function loadVegaLite(): Promise<typeof import('vega-lite')> {
  const { default: vegaLite } = await import('vega-lite');
  return vegaLite as unknown as typeof import('vega-lite');
}

// Colors of the page's style sheet, so that plots follow light and dark mode and print.
const MUTED = 'var(--muted)';
const RULE = 'var(--rule)';

/** One color each for what a plot compares; the style sheet holds their values. */
export function seriesColor(index: number): string {
  return `var(--series-${index % SERIES})`;
}

/** As many as the style sheet tells apart. */
const SERIES = 7;

const CONFIG: Config = {
  // Each mark would carry a description of its own; the figure has one.
  aria: false,
  background: 'transparent',
  font: 'inherit',
  padding: { left: 2, right: 8, top: 6, bottom: 2 },
  axis: {
    labelColor: MUTED,
    titleColor: MUTED,
    tickColor: RULE,
    domainColor: RULE,
    gridColor: RULE,
    gridOpacity: 0.6,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 6,
    labelPadding: 4,
    tickSize: 4,
    labelFlush: false,
  },
  view: { stroke: 'transparent' },
};

/** One mark of a plot, with the values that it draws. */
export interface Layer {
  data: { values: object[] };
  mark: Extract<TopLevelSpec, { mark: unknown }>['mark'];
  encoding: object;
}

/** A mark over values. */
export function layer(values: readonly object[], mark: Layer['mark'], encoding: object): Layer {
  return { data: { values: [...values] }, mark, encoding };
}

/** A channel of numbers: where they are in the values, how they are scaled, their axis. */
export function numeric(field: string, scale?: object, axis?: object) {
  return { field, type: 'quantitative' as const, ...(scale && { scale }), ...(axis && { axis }) };
}

/** Fewer digits, still finer than a pixel. */
export const brief = (value: number, digits = 4) => Number(value.toPrecision(digits));

/** A specification for vega-lite at a width in pixels. */
type PlotAtWidth = (width: number) => TopLevelSpec;

export interface PlotSizes {
  /** Width in pixels where the page is wide. */
  readonly wide: number;
  /** Width on a narrow page, where a shrunken wide plot could not be read; without it, the same. */
  readonly narrow?: number;
  /**
   * Keeps its size, however narrow its box, which is to scroll: for what shrunken could not be read
   * at all.
   */
  readonly rigid?: boolean;
}

/** How far a plot may be stretched to fill its box. */
const LARGEST = 1.15;

let figures = 0;

/** Draws a specification as SVG that scales with its box. */
async function renderSvg(
  plot: PlotAtWidth,
  width: number,
  label: string,
  variant: string,
  rigid = false,
) {
  const [vega, vegaLite] = await Promise.all([loadVega(), loadVegaLite()]);
  const specification: TopLevelSpec = { ...plot(width), config: CONFIG };
  const { spec } = vegaLite.compile(specification);
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  // Identifiers belong to the page: each figure needs its own.
  const prefix = `plot-${++figures}-`;
  const escapedLabel = label.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
  return svg
    .replace(/ id="/g, ` id="${prefix}`)
    .replace(/url\(#/g, `url(#${prefix}`)
    .replace(/^<svg [^>]*?viewBox="([^"]+)"[^>]*>/, (_, viewBox: string) => {
      const drawn = Number(viewBox.split(' ')[2]);
      const size = rigid ? `width:${drawn}px` : `max-width:${drawn * LARGEST}px`;
      return `<svg class="${variant}" viewBox="${viewBox}" style="${size}" role="img" aria-label="${escapedLabel}">`;
    });
}

/**
 * Draws a plot for a page: an SVG of the given size, and a second one for narrow pages.
 * `label` says what the plot shows to those who cannot see it.
 */
export async function plotMarkup(
  plot: PlotAtWidth,
  sizes: PlotSizes,
  label: string,
): Promise<Markup> {
  const { rigid } = sizes;
  if (sizes.narrow === undefined)
    return new Markup(await renderSvg(plot, sizes.wide, label, 'plot', rigid));
  const wide = await renderSvg(plot, sizes.wide, label, 'plot on-wide', rigid);
  const narrow = await renderSvg(plot, sizes.narrow, label, 'plot on-narrow', rigid);
  return new Markup(wide + narrow);
}
