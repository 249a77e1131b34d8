import { basename } from 'node:path';
import { types } from 'node:util';
import { z } from 'zod';
import { addon } from '../addon/addon.js';
import { firstNotFinite } from '../audio/checks.js';
import type { Clip } from '../audio/index.js';
import { FewSoundError } from '../errors.js';
import { optionsObject, parseOptions, positiveNumber, wholeNumber } from '../options.js';
import { type FilterBank, layerOfBanks } from './filter-bank.js';
import { type FrequencyAxis, fourierAxis, logAxis } from './frequency-axis.js';
import { Listener, type Numbers } from './listener.js';

export interface ResponseOptions {
  /** bins + 1 frequencies. Default 512, a transform of 1024. */
  bins?: number;
  /** 'fourier': from 0 to half the rate in equal steps; 'log': in equal ratios, as a constant-Q transform. Default 'fourier'. */
  axis?: 'fourier' | 'log';
  /** The lowest frequency of a logarithmic axis, Hz. Default 50. */
  lowest?: number;
  /**
   * For a logarithmic axis: the filters are seen through windows of so many periods of each frequency, the kernels of a
   * constant-Q transform. Default: without a window.
   */
  quality?: number;
  /** The input is scaled to [-range, range], minimum to maximum; false leaves it. Default 0.1 (the authors' demo: 1). */
  range?: number | false;
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
}

/** How a layer responds to one recording. */
export interface ResponseSpectra {
  /** [bins + 1] Hz. */
  readonly frequencies: Float64Array;
  /** [frames] seconds at which the filters begin. */
  readonly times: Float64Array;
  /** STRS [bins + 1, frames], row by row, lowest frequency first. */
  readonly strs: Float32Array | Float64Array;
  /** CRS [bins + 1]. */
  readonly crs: Float32Array | Float64Array;
}

/** How a layer responds to recordings, without the course in time. */
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
 * Short-time and cumulative response spectra of recordings (paper 2, Eq. 1 and 2):
 * STRS(i, j) = |Σ_u F_u[i]·R_u[j]|, the modulus of a complex sum over the filters of all banks, with F_u the Fourier
 * transform of filter u and R_u[j] its response at sample j·stride; CRS(i) is the mean over j.
 *
 * As in the authors' code the recording is padded with length - 1 zeros on the right, so that all banks have
 * ceil(n / stride) responses, and a filter begins at its frame's time; the paper's formula centres it. A filter longer
 * than the transform is not cut.
 *
 * @param banks filters of one layer
 * @param recordings each at least as long as the longest filter, at the rate of the filters
 * @throws FewSoundError INVALID_ARGUMENT for another rate or bad options, AUDIO_EMPTY, SHAPE_MISMATCH for a filter longer
 *   than a recording
 */
export function responseSpectra(
  banks: FilterBank | readonly FilterBank[],
  recordings: readonly ResponseInput[],
  options: ResponseOptions = {},
): ResponseSpectra[] {
  const spectra: ResponseSpectra[] = [];
  everySpectra(prepare(banks, options), recordings, false, (each) => spectra.push(each));
  return spectra;
}

/**
 * `responseSpectra` of any number of recordings, in the memory of a few: what `visit` is given is written over once it has
 * returned. Copy what is to be kept.
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
  everySpectra(prepare(banks, options), recordings, true, (spectra) => {
    visit(spectra, index);
    index += 1;
  });
}

/**
 * The cumulative response spectra alone, for many recordings: their course in time is not kept.
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
  everyRecording(layer, recordings, AT_ONCE, (listener, some) => {
    crs.push(...listener.means(some));
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

/** Samples of recordings that are taken at once; of ones whose STRS are written over, which are larger, fewer. */
const AT_ONCE = 2 ** 19;
const AT_ONCE_OVER = 2 ** 16;

/** @param over each may be written over once `use` has returned */
function everySpectra(
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
  everyRecording(layer, recordings, atOnce, (listener, some) => {
    const heard = listener.spectra(some, before);
    if (over) before = heard.map(({ strs }) => strs);
    heard.forEach(({ strs, crs }, i) => {
      const frames = listener.frames((some[i] as Float32Array).length);
      if (times.length !== frames) times = timesOf(frames, layer);
      use({ frequencies, times: over ? times : times.slice(), strs, crs });
    });
  });
}

function timesOf(frames: number, { stride, rate }: Layer): Float64Array {
  return Float64Array.from({ length: frames }, (_, j) => (j * stride) / rate);
}

/** Gives `use` the recordings in their order, several at once. */
function everyRecording(
  layer: Layer,
  recordings: readonly ResponseInput[],
  atOnce: number,
  use: (listener: Listener, recordings: readonly Float32Array[]) => void,
): void {
  // All are checked before anything is computed.
  const signals = recordings.map((recording, index) => samplesOf(recording, index, layer));
  const listener = new Listener(layer.banks, layer.axis, layer.range, layer.dtype);
  for (let first = 0; first < signals.length; ) {
    let end = first;
    let samples = 0;
    do {
      samples += (signals[end] as Float32Array).length;
      end += 1;
    } while (end < signals.length && samples + (signals[end] as Float32Array).length <= atOnce);
    use(listener, signals.slice(first, end));
    first = end;
  }
}

/**
 * The input as responses are computed from: minimum to -range, maximum to range; a constant signal becomes silence.
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
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${field} is no recording; expected a clip or a Float32Array.`,
      { field },
    );
  }
  if (samples.length === 0) {
    throw new FewSoundError('AUDIO_EMPTY', `${what}: there is not one sample of audio.`, {
      field,
    });
  }
  if (!types.isFloat32Array(recording) && recording.sampleRate !== layer.rate) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${what} is at ${recording.sampleRate} Hz, but the filters are of ${layer.rate} Hz; resample the recording to that.`,
      { field },
    );
  }
  if (samples.length < layer.longest) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `${what} has ${samples.length} samples, fewer than the longest filter, ${layer.longest}; give a longer recording.`,
      { field, shapes: [[samples.length], [layer.longest]] },
    );
  }
  const bad = firstNotFinite(samples);
  if (bad >= 0) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${what}: sample ${bad} is ${samples[bad]}; every sample must be a finite number.`,
      { field },
    );
  }
  return samples;
}
