import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { html, type Markup, note, section } from './page.js';
import type { FrequencyScale, NamedResponse } from './responses.js';
import { palette } from './spectrogram.js';
import { brief } from './svg-plot.js';

/**
 * Points of a surface along each axis at most: what turns smoothly, in a page of reasonable size.
 */
const POINTS = 120;

interface Surface {
  readonly section: Markup;
  /** What the page has to run. */
  readonly scripts: readonly string[];
}

/**
 * The STRS of a recording as a surface that turns (paper 2, Figures 1 and 2), drawn by Plotly,
 * which is written into the page: it needs no network, and WebGL of the browser.
 */
export async function surfaceSection(
  { name, strs, times, frequencies }: NamedResponse,
  axis: FrequencyScale,
): Promise<Surface> {
  const [bins, frames] = [frequencies.length, times.length];
  const rows = partition(bins);
  const columns = partition(frames);
  // Peaks are what a surface shows: of the values that share a point the largest.
  const z = rows.map(([firstRow, endRow]) =>
    columns.map(([firstColumn, endColumn]) => {
      let most = 0;
      for (let i = firstRow; i < endRow; i++) {
        for (let j = firstColumn; j < endColumn; j++) {
          most = Math.max(most, strs[i * frames + j] as number);
        }
      }
      return brief(most, 3);
    }),
  );
  const colors = (await palette({ scheme: 'magma', domain: [0, 1] }, 12)).map(
    (rgb, index) => [index / 11, `rgb(${rgb.join(',')})`] as const,
  );
  const at = (values: ArrayLike<number>, parts: readonly (readonly [number, number])[]) =>
    parts.map(([first]) => brief(values[first] as number, 5));
  const data = {
    x: at(times, columns),
    y: at(frequencies, rows).map((hertz) => hertz / 1000),
    z,
    colorscale: colors,
  };
  return {
    section: section(
      'Response surface',
      html`<div id="response-surface" role="img" aria-label="${`Short-time response spectra of ${name} as a surface over time and frequency`}" style="width:100%;height:520px"></div>
${note(`${name}. Drag to turn, scroll to come nearer.`)}`,
    ),
    scripts: [
      await plotlySource(),
      `drawSurface(${JSON.stringify(data)}, ${JSON.stringify(axis === 'log' ? 'log' : 'linear')});\n${DRAW}`,
    ],
  };
}

const DRAW = `
function drawSurface({ x, y, z, colorscale }, frequencyAxis) {
  const place = document.getElementById('response-surface');
  const surface = { type: 'surface', x, y, z, colorscale, showscale: false, hovertemplate: '%{x:.3f} s, %{y:.2f} kHz: %{z:.3g}<extra></extra>' };
  const draw = () => {
    const style = getComputedStyle(document.body);
    const ink = style.getPropertyValue('--ink').trim();
    const rule = style.getPropertyValue('--rule').trim();
    const axis = (title, more) => ({ title: { text: title }, color: ink, gridcolor: rule, zerolinecolor: rule, ...more });
    const layout = {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: 'rgba(0,0,0,0)',
      font: { family: style.fontFamily, size: 11 },
      scene: {
        xaxis: axis('Time (s)'),
        yaxis: axis('Frequency (kHz)', { type: frequencyAxis }),
        zaxis: axis('Response'),
        aspectratio: { x: 1.6, y: 1.2, z: 0.6 },
        camera: { eye: { x: -1.25, y: -1.45, z: 0.85 }, center: { x: 0, y: 0, z: -0.2 } },
      },
      // Keeps how it was turned.
      uirevision: true,
    };
    Plotly.react(place, [surface], layout, { responsive: true, displaylogo: false });
  };
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}
`;

/** As many equal parts as a surface may have points. */
function partition(count: number): [first: number, end: number][] {
  const parts = Math.min(count, POINTS);
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((i * count) / parts),
    Math.floor(((i + 1) * count) / parts),
  ]);
}

/** The program of Plotly's bundle for three dimensions. It is not loaded here, only read. */
function plotlySource(): Promise<string> {
  const path = createRequire(__filename).resolve('plotly.js-gl3d-dist-min');
  return readFile(path, 'utf8');
}
