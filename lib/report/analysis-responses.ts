import type { FrequencyScale, ReportedResponse, ResponseMap } from './analysis-report-input.js';
import type { ColourScale } from './colour-map.js';
import { html, type Markup } from './html.js';
import { section } from './page.js';
import { type PanelSize, type PictureAxis, picturePlot } from './picture-plot.js';
import {
  imageDataUri,
  type PngImage,
  spectrogramImage,
  type TimeFrequency,
} from './spectrogram-image.js';
import { colourBar } from './spectrogram-plot.js';

/** Decibels below the strongest response at which the colours end. */
const RANGE = 60;

/** Columns of a picture. */
const COLUMNS = 400;

export const RESPONSE_SCALE: ColourScale = { scheme: 'magma', domain: [-RANGE, 0] };

/** Values over time and frequency, frames joined to their means until a picture can show them. */
export function columnMeans({ strs, frequencies, times }: ResponseMap): TimeFrequency {
  const bins = frequencies.length;
  const frames = Math.min(times.length, COLUMNS);
  const sums = new Float64Array(bins * frames);
  const counts = new Float64Array(frames);
  for (let j = 0; j < times.length; j++) {
    const column = Math.floor((j * frames) / times.length);
    counts[column] = (counts[column] as number) + 1;
    for (let i = 0; i < bins; i++) {
      const index = i * frames + column;
      sums[index] = (sums[index] as number) + (strs[i * times.length + j] as number);
    }
  }
  const values = Float32Array.from(sums, (sum, index) => sum / (counts[index % frames] as number));
  return { values, bins, frames };
}

/** Levels of a response in dB below its strongest. */
export function responseLevels(response: ResponseMap): TimeFrequency {
  const { values: means, ...size } = columnMeans(response);
  const peak = means.reduce((most, value) => Math.max(most, value), 0);
  const values = means.map((value) =>
    peak > 0 ? Math.max(-RANGE, 20 * Math.log10(value / peak)) : -RANGE,
  );
  return { values, ...size };
}

/**
 * The STRS of a recording as a picture: time to the right, frequency upwards, 60 dB from dark to light.
 *
 * @throws FewSoundError SHAPE_MISMATCH
 */
export function responseImage(response: ReportedResponse): Promise<PngImage> {
  return spectrogramImage(responseLevels(response), RESPONSE_SCALE);
}

/** Frequencies in kHz along a picture. */
export function frequencyAxis(frequencies: ArrayLike<number>, axis: FrequencyScale): PictureAxis {
  const [low = 0, high = 0] = [frequencies[0], frequencies[frequencies.length - 1]];
  return {
    title: 'Frequency (kHz)',
    domain: [low / 1000, high / 1000],
    type: axis === 'log' ? 'log' : 'linear',
  };
}

/** Seconds along a picture, to the end of the last frame. */
export function timeAxis(times: ArrayLike<number>): PictureAxis {
  const last = times.length - 1;
  const step = last > 0 ? (times[1] as number) - (times[0] as number) : 0;
  return { title: 'Time (s)', domain: [0, (times[last] as number) + step || 1] };
}

/** Pictures of the STRS of recordings. */
export async function responsesSection(
  recordings: readonly ReportedResponse[],
  axis: FrequencyScale,
): Promise<Markup> {
  const size = recordings.length === 1 ? { width: 1100, height: 300 } : { width: 540, height: 220 };
  const figures = await Promise.all(
    recordings.map(async (response) => {
      const plot = await responsePlot(response, axis, size);
      return html`<figure><figcaption>${response.name}</figcaption>${plot}</figure>
`;
    }),
  );
  const bar = html`<div class="bars">${await colourBar(RESPONSE_SCALE, 'Response, dB below the strongest of each picture')}</div>`;
  const note = html`<p class="note">Short-time response spectra: at each time the modulus of the sum of all filters’ spectra, each weighted by the response of that filter.</p>`;
  const shown = recordings.length === 1 ? figures : html`<div class="pair">${figures}</div>`;
  return section('Response spectra over time', html`${shown}${bar}${note}`);
}

async function responsePlot(
  response: ReportedResponse,
  axis: FrequencyScale,
  size: PanelSize,
): Promise<Markup> {
  const { times, frequencies, name } = response;
  const axes = { x: timeAxis(times), y: frequencyAxis(frequencies, axis) };
  const image = imageDataUri(await responseImage(response));
  return picturePlot(image, axes, `Short-time response spectra of ${name}`, size);
}
