import type { ReportedContours } from './analysis-report-input.js';
import { html, type Markup, section } from './page.js';
import { type PlotSizes, plotMarkup } from './svg-plot.js';

const brief = (value: number) => Number(value.toPrecision(4));

/** Twice the area; below 0 for a hole, which the lines go round the other way. */
function turning(polygon: readonly (readonly [number, number])[]): number {
  return polygon.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length] as readonly [number, number];
    return sum + x * nextY - nextX * y;
  }, 0);
}

/** Contours of a bank of filters over time and frequency, the stronger the fuller their shade (paper 2, Figure 4). */
export function contoursPlot(contours: ReportedContours, sizes: PlotSizes): Promise<Markup> {
  const { name, duration, sampleRate, filters } = contours;
  const lines = filters
    .flatMap(({ polygons, grey }, filter) =>
      polygons.map((polygon, index) => ({
        polygon,
        grey,
        hole: turning(polygon) < 0,
        line: `${filter}-${index}`,
      })),
    )
    // The weak ones below the strong ones, holes above what they are in.
    .sort((a, b) => a.grey - b.grey || Number(a.hole) - Number(b.hole));
  const values = lines.flatMap(({ polygon, grey, hole, line }, rank) =>
    [...polygon, polygon[0] as readonly [number, number]].map(([t, f], order) => ({
      ...{ t: brief(t * 1000), f: brief(f / 1000), order, rank, line },
      fill: hole ? 'var(--card)' : 'var(--ink)',
      opacity: brief(hole ? 0.9 : 0.06 + 0.6 * grey),
    })),
  );
  const axis = (field: string, title: string, end: number) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain: [0, end], nice: false },
    axis: { title, grid: false, tickCount: 5 },
  });
  return plotMarkup(
    (width) => ({
      width: width - 55,
      height: Math.round(width * 0.62),
      data: { values },
      mark: {
        type: 'line',
        stroke: 'var(--ink)',
        strokeWidth: 0.6,
        strokeOpacity: 0.65,
        strokeJoin: 'round',
      },
      encoding: {
        x: axis('t', 'Time (ms)', duration * 1000),
        y: axis('f', 'Frequency (kHz)', sampleRate / 2000),
        detail: { field: 'rank', type: 'quantitative' },
        order: { field: 'order' },
        fill: { field: 'fill', type: 'nominal', scale: null },
        fillOpacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
      },
    }),
    sizes,
    `Wigner-Ville contours of ${filters.length} filters of ${name}, over ${brief(duration * 1000)} milliseconds and 0 to ${sampleRate / 2000} kilohertz`,
  );
}

/** Contours of the banks of a layer. */
export async function contoursSection(banks: readonly ReportedContours[]): Promise<Markup> {
  const sizes = banks.length === 1 ? { wide: 760, narrow: 350 } : { wide: 380 };
  const figures = await Promise.all(
    banks.map(async (bank) => {
      const count = bank.filters.length;
      const remark = `${count} ${count === 1 ? 'filter' : 'filters'}`;
      return html`<figure><figcaption>${bank.name} <span>${remark}</span></figcaption>${await contoursPlot(bank, sizes)}</figure>
`;
    }),
  );
  const shown = banks.length === 1 ? figures : html`<div class="panels">${figures}</div>`;
  const note = html`<p class="note">Each filter’s Wigner-Ville distribution at ${banks[0]?.threshold} of its highest value; the fuller the shade, the nearer the filter’s energy is to that of the strongest in its bank.</p>`;
  return section('Filters over time and frequency', html`${shown}${note}`);
}
