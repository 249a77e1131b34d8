import { responseCurvesSection } from './analysis-curves.js';
import type { FrequencyScale, ReportedDifference } from './analysis-report-input.js';
import { columnMeans, frequencyAxis, timeAxis } from './analysis-responses.js';
import type { ColourScale } from './colour-map.js';
import { html, type Markup } from './html.js';
import { section } from './page.js';
import { picturePlot } from './picture-plot.js';
import { imageDataUri, type PngImage, spectrogramImage } from './spectrogram-image.js';
import { colourBar } from './spectrogram-plot.js';
import { seriesColour } from './svg-plot.js';

/** From what only the second has, over nothing in the middle, to what only the first has. */
const DIFFERENCE_SCALE: ColourScale = { scheme: 'redblue', domain: [-1, 1], reverse: true };

/**
 * A difference of two STRS as a picture: blue where the second is stronger, red where the first is, white where they agree;
 * full colour at the largest difference.
 *
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function differenceImage(difference: ReportedDifference): Promise<PngImage> {
  const { values, bins, frames } = columnMeans(difference);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = Float32Array.from(values, (value) => (largest > 0 ? value / largest : 0));
  return spectrogramImage({ values: scaled, bins, frames }, DIFFERENCE_SCALE);
}

/** Pictures and curves of differences, of two recordings or of two models. */
export async function differencesSection(
  differences: readonly ReportedDifference[],
  axis: FrequencyScale,
): Promise<readonly Markup[]> {
  const [first] = differences;
  if (first === undefined) return [];
  const size =
    differences.length === 1 ? { width: 1100, height: 260 } : { width: 540, height: 220 };
  const figures = await Promise.all(
    differences.map(async (difference) => {
      const axes = {
        x: timeAxis(difference.times),
        y: frequencyAxis(difference.frequencies, axis),
      };
      const image = imageDataUri(await differenceImage(difference));
      const plot = await picturePlot(
        image,
        axes,
        `Difference of responses, ${difference.name}`,
        size,
      );
      return html`<figure><figcaption>${difference.name}</figcaption>${plot}</figure>
`;
    }),
  );
  const bar = html`<div class="bars">${await colourBar(DIFFERENCE_SCALE, 'Difference, as a part of the largest in each picture')}</div>`;
  const curves = differences.map(({ name, crs }, index) => ({
    name,
    colour: seriesColour(index),
    values: crs,
  }));
  return [
    section(
      'Differences of response spectra',
      html`${differences.length === 1 ? figures : html`<div class="pair">${figures}</div>`}${bar}`,
    ),
    await responseCurvesSection(
      'Differences of cumulative response spectra',
      curves,
      first.frequencies,
      axis,
    ),
  ];
}
