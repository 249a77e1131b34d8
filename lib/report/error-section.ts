import { type BandError, errorByBand, errorOverTime, type MomentError } from '../metrics/index.js';
import { type Curve, curvesPlot } from './curve-plot.js';
import { figure, html, type Markup, note, section } from './page.js';
import { legend } from './sections.js';
import { seriesColor } from './svg-plot.js';
import type { SampledSound } from './waveform-plot.js';

/** A reconstruction, by its name. */
interface Reconstruction {
  readonly name: string;
  readonly samples: Float32Array;
}

/** Decibels below the loudest under which nothing is drawn. */
const FLOOR = 80;

/** Where the error lies, in frequency and in time; of one network also of which kind it is. */
export async function errorSection(
  { samples: reference, sampleRate }: SampledSound,
  reconstructions: readonly Reconstruction[],
): Promise<Markup> {
  const options = { sampleRate };
  const bands = reconstructions.map(({ samples }) => errorByBand(reference, samples, options));
  const moments = reconstructions.map(({ samples }) => errorOverTime(reference, samples, options));
  const original = { name: 'Original', color: seriesColor(0), width: 2.2 };
  const errors = reconstructions.map(({ name }, index) => ({
    name: reconstructions.length === 1 ? 'Error' : `Error of ${name}`,
    color: seriesColor(index + 1),
  }));
  const parts =
    reconstructions.length === 1
      ? [
          { name: 'Its part of level', color: seriesColor(2), of: 'level' as const },
          { name: 'Its part of phase', color: seriesColor(3), of: 'phase' as const },
        ]
      : [];

  const [ofBands = []] = bands;
  const inBands = decibelsBelow(
    bands.flat().flatMap(({ energy, error, from, to }) => {
      return [energy / octaves(from, to), error / octaves(from, to)];
    }),
  );
  const bandCurves: Curve[] = [
    { ...original, points: bandPoints(ofBands, 'energy', inBands) },
    ...errors.map((each, index) => ({
      ...{ ...each, points: bandPoints(bands[index] as BandError[], 'error', inBands) },
    })),
    ...parts.map(({ of, ...each }) => ({ ...each, points: bandPoints(ofBands, of, inBands) })),
  ];
  const [ofMoments = []] = moments;
  const inTime = decibelsBelow(
    moments.flat().flatMap(({ energy, error, from, to }) => {
      return [energy / (to - from), error / (to - from)];
    }),
  );
  const timeCurves: Curve[] = [
    { ...original, points: momentPoints(ofMoments, 'energy', inTime) },
    ...errors.map((each, index) => ({
      ...{ ...each, points: momentPoints(moments[index] as MomentError[], 'error', inTime) },
    })),
  ];

  const y = { title: 'Level (dB)', type: 'linear' as const };
  const sizes = { wide: 540, narrow: 350 };
  const byBand = await curvesPlot(
    bandCurves,
    { x: 'Frequency (Hz)', from: 30, end: sampleRate / 2, y },
    sizes,
    `Level by third octaves: ${gaps(ofBands, ({ from, to }) => `${hertz(from)} to ${hertz(to)}`)}`,
  );
  const overTime = await curvesPlot(
    timeCurves,
    { x: 'Time (s)', fractions: true, end: reference.length / sampleRate, y },
    sizes,
    `Level over time: ${gaps(ofMoments, ({ from }) => `${from.toFixed(2)} s`)}`,
  );
  const explained =
    'The distance between the original and the error is the signal-to-noise ratio: where they meet nothing is right. ' +
    (parts.length > 0
      ? 'The part of level is what is left where a band has too much or too little of what it should have; the part of phase, where it has as much, but not that waveform.'
      : '');
  return section(
    'Where the error lies',
    html`${legend([original, ...errors, ...parts])}<div class="pair">${[
      figure('By frequency', byBand, 'third octaves'),
      figure('Over time', overTime, 'stretches of 32 ms'),
    ]}</div>
${note(explained.trim())}`,
  );
}

const octaves = (from: number, to: number) => Math.log2(to / Math.max(from, to / 2));

/** From a power to decibels below the largest of some. */
function decibelsBelow(powers: readonly number[]): (power: number) => number {
  const loudest = powers.reduce((most, power) => Math.max(most, power), Number.MIN_VALUE);
  return (power) => Math.max(-FLOOR, 10 * Math.log10(power / loudest));
}

function bandPoints(
  bands: readonly BandError[],
  of: 'energy' | 'error' | 'level' | 'phase',
  decibels: (power: number) => number,
) {
  return bands.map((band) => {
    const { from, to } = band;
    return {
      x: Math.sqrt(Math.max(from, to / 2) * to),
      value: decibels(band[of] / octaves(from, to)),
    };
  });
}

function momentPoints(
  moments: readonly MomentError[],
  of: 'energy' | 'error',
  decibels: (power: number) => number,
) {
  return moments.map((moment) => {
    const { from, to } = moment;
    return { x: (from + to) / 2, value: decibels(moment[of] / (to - from)) };
  });
}

/** Where the error is nearest to the recording and where it is farthest from it, in words. */
function gaps<Place extends { readonly energy: number; readonly error: number }>(
  places: readonly Place[],
  nameOf: (place: Place) => string,
): string {
  const rated = places
    .filter(({ energy, error }) => energy > 0 && error > 0)
    .map((place) => ({ place, ratio: 10 * Math.log10(place.energy / place.error) }))
    .sort((a, b) => a.ratio - b.ratio);
  const [worst, best] = [rated[0], rated.at(-1)];
  if (worst === undefined || best === undefined) return 'no error';
  const said = ({ place, ratio }: (typeof rated)[0]) =>
    `${ratio.toFixed(1)} dB at ${nameOf(place)}`;
  return `signal-to-noise ratio from ${said(worst)} to ${said(best)}`;
}

const hertz = (value: number) => `${Math.round(value)} Hz`;
