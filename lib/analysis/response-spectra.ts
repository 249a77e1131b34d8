import { basename } from 'node:path';
import { types } from 'node:util';
import { z } from 'zod';
import { addon } from '../addon/addon.js';
import { firstNotFinite } from '../audio/checks.js';
import type { Clip } from '../audio/index.js';
import { FewSoundError, invalidArgument } from '../errors.js';
import { optionsObject, parseOptions, positiveNumber, wholeNumber } from '../options.js';
import { type FilterBank, layerOfBanks } from './filter-bank.js';
import { type FrequencyAxis, fourierAxis, logAxis } from './frequency-axis.js';
import { LayerResponses, type Numbers } from './layer-responses.js';

export interface ResponseOptions {
  /** bins + 1 frequencies. Default 512, a transform of 1024. */
  bins?: number;
  /** 'fourier' (default): equal steps from 0 to half the rate; 'log': equal ratios. */
  axis?: 'fourier' | 'log';
  /** The lowest frequency of a logarithmic axis, Hz. Default 50. */
  lowest?: number;
  /**
   * For a logarithmic axis: window the filters to this many periods of each frequency, as the
   * kernels of a constant-Q transform. Default: no window.
   */
  quality?: number;
  /** Scale the input to [-range, range]; false: do not. Default 0.1 (the authors' demo: 1). */
  range?: number | false;
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
}

/** How a layer responds to one recording. */
export interface ResponseSpectra {
  /** [bins + 1] Hz. */
  readonly frequencies: Float64Array;
  /** [frames] seconds at which the filters start. */
  readonly times: Float64Array;
  /** STRS [bins + 1, frames], row by row, lowest frequency first. */
  readonly strs: Float32Array | Float64Array;
  /** CRS [bins + 1]. */
  readonly crs: Float32Array | Float64Array;
}

/** How a layer responds to recordings, averaged over time. */
export interface CumulativeResponses {
  /** [bins + 1] Hz. */
  readonly frequencies: Float64Array;
  /** CRS [bins + 1] of each recording. */
  readonly crs: readonly (Float32Array | Float64Array)[];
}

/** A recording: a clip, or samples [n] at the rate of the filters. */
export type ResponseInput = Clip | Float32Array;

const schema = optionsObject({
  bins: wholeNumber(1, 2 ** 20).default(512),
  axis: z.enum(['fourier', 'log'], { error: 'Expected fourier or log' }).default('fourier'),
  lowest: positiveNumber.default(50),
  quality: positiveNumber.optional(),
  range: z
    .union([positiveNumber, z.literal(false)], { error: 'Expected a number above 0, or false' })
    .default(0.1),
  dtype: z
    .enum(['float32', 'float64'], { error: "Expected 'float32' or 'float64'" })
    .default('float32'),
});

/**
 * Short-time and cumulative response spectra of recordings (paper 2, Eq. 1 and 2): STRS(i, j) =
 * |Σ_u F_u[i]·R_u[j]|, the modulus of a complex sum over the filters of all banks, with F_u the
 * Fourier transform of filter u and R_u[j] its response at sample j·stride; CRS(i) is the mean over
 * j.
 *
 * As in the authors' code the recording is padded with length - 1 zeros on the right, so that all
 * banks have ceil(n / stride) responses, and a filter starts at its frame's time; the paper's
 * formula centers it. A filter longer than the transform is not cut.
 *
 * @param banks filters of one layer
 * @param recordings each at least as long as the longest filter, at the rate of the filters
 * @throws FewSoundError INVALID_ARGUMENT for another rate or bad options, AUDIO_EMPTY,
 *   SHAPE_MISMATCH for a filter longer than a recording
 */
export function responseSpectra(
  banks: FilterBank | readonly FilterBank[],
  recordings: readonly ResponseInput[],
  options: ResponseOptions = {},
): ResponseSpectra[] {
  const spectra: ResponseSpectra[] = [];
  forEachSpectra(prepare(banks, options), recordings, false, (each) => spectra.push(each));
  return spectra;
}

/**
 * `responseSpectra` of any number of recordings in constant memory: the arrays given to `visit` are
 * overwritten once it returns. Copy what you keep.
 *
 * @param visit is called for each recording in turn
 * @throws FewSoundError as `responseSpectra`, before the first call; what `visit` throws
 */
export function visitResponseSpectra(
  banks: FilterBank | readonly FilterBank[],
  recordings: readonly ResponseInput[],
  visit: (spectra: ResponseSpectra, index: number) => void,
  options: ResponseOptions = {},
): void {
  let index = 0;
  forEachSpectra(prepare(banks, options), recordings, true, (spectra) => {
    visit(spectra, index);
    index += 1;
  });
}

/**
 * Only the cumulative response spectra, for many recordings.
 *
 * @throws FewSoundError as `responseSpectra`
 */
export function cumulativeResponses(
  banks: FilterBank | readonly FilterBank[],
  recordings: readonly ResponseInput[],
  options: ResponseOptions = {},
): CumulativeResponses {
  const layer = prepare(banks, options);
  const crs: Numbers[] = [];
  forEachBatch(layer, recordings, AT_ONCE, (responses, batch) => {
    crs.push(...responses.means(batch));
  });
  return { frequencies: layer.axis.frequencies, crs };
}

interface Layer {
  readonly banks: readonly FilterBank[];
  readonly axis: FrequencyAxis;
  readonly stride: number;
  readonly rate: number;
  readonly longest: number;
  readonly range: number | false;
  readonly dtype: 'float32' | 'float64';
}

function prepare(given: FilterBank | readonly FilterBank[], options: ResponseOptions): Layer {
  const banks = layerOfBanks(given);
  const { bins, axis, lowest, quality, range, dtype } = parseOptions(
    schema,
    options,
    'responseSpectra options',
  );
  const { stride, sampleRate: rate } = banks[0] as FilterBank;
  return {
    banks,
    axis: axis === 'log' ? logAxis(bins, rate, lowest, quality) : fourierAxis(bins, rate),
    stride,
    rate,
    longest: Math.max(...banks.map(({ filters }) => filters.shape[1] as number)),
    range,
    dtype,
  };
}

/** Samples of recordings processed at once; fewer where the larger STRS are overwritten. */
const AT_ONCE = 2 ** 19;
const AT_ONCE_OVER = 2 ** 16;

/** @param over whether arrays may be overwritten once `use` returns */
function forEachSpectra(
  layer: Layer,
  recordings: readonly ResponseInput[],
  over: boolean,
  use: (spectra: ResponseSpectra) => void,
): void {
  const { frequencies } = layer.axis;
  let before: readonly Numbers[] = [];
  const atOnce = over ? AT_ONCE_OVER : AT_ONCE;
  // Recordings are often of one length.
  let times: Float64Array = new Float64Array(0);
  forEachBatch(layer, recordings, atOnce, (responses, batch) => {
    const results = responses.spectra(batch, before);
    if (over) before = results.map(({ strs }) => strs);
    results.forEach(({ strs, crs }, i) => {
      const frames = responses.frames((batch[i] as Float32Array).length);
      if (times.length !== frames) times = timesOf(frames, layer);
      use({ frequencies, times: over ? times : times.slice(), strs, crs });
    });
  });
}

function timesOf(frames: number, { stride, rate }: Layer): Float64Array {
  return Float64Array.from({ length: frames }, (_, j) => (j * stride) / rate);
}

/** Calls `use` with the recordings in order, several at once. */
function forEachBatch(
  layer: Layer,
  recordings: readonly ResponseInput[],
  atOnce: number,
  use: (responses: LayerResponses, batch: readonly Float32Array[]) => void,
): void {
  // All are checked before anything is computed.
  const signals = recordings.map((recording, index) => samplesOf(recording, index, layer));
  const responses = new LayerResponses(layer.banks, layer.axis, layer.range, layer.dtype);
  for (let first = 0; first < signals.length; ) {
    let end = first;
    let samples = 0;
    do {
      samples += (signals[end] as Float32Array).length;
      end += 1;
    } while (end < signals.length && samples + (signals[end] as Float32Array).length <= atOnce);
    use(responses, signals.slice(first, end));
    first = end;
  }
}

/**
 * Scales a recording as it is for responses: minimum to -range, maximum to range; a constant signal
 * becomes silence.
 *
 * @param samples [n], finite
 * @returns [n]
 */
export function normalizeInput(samples: Float32Array, range = 0.1): Float32Array {
  return addon().scaleInput(samples, range);
}

function samplesOf(recording: ResponseInput, index: number, layer: Layer): Float32Array {
  const samples = types.isFloat32Array(recording) ? recording : recording.samples;
  const field = `recordings.${index}`;
  const source = types.isFloat32Array(recording) ? undefined : recording.source;
  const what = source === undefined ? field : basename(source);
  if (!types.isFloat32Array(samples)) {
    throw invalidArgument(field, `${field}: expected a Clip or a Float32Array.`);
  }
  if (samples.length === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${what}: the audio is empty.`, {
      field,
    });
  }
  if (!types.isFloat32Array(recording) && recording.sampleRate !== layer.rate) {
    throw invalidArgument(
      field,
      `${what} is at ${recording.sampleRate} Hz, but the filters are for ${layer.rate} Hz; resample the recording.`,
    );
  }
  if (samples.length < layer.longest) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `${what} has ${samples.length} samples, fewer than the ${layer.longest} of the longest filter; use a longer recording.`,
      { field, shapes: [[samples.length], [layer.longest]] },
    );
  }
  const bad = firstNotFinite(samples);
  if (bad >= 0) {
    throw invalidArgument(
      field,
      `${what}: sample ${bad} is ${samples[bad]}; every sample must be a finite number.`,
    );
  }
  return samples;
}
