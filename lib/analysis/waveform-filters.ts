import { invalidArgument } from '../errors.js';
import { scope } from '../tensor/index.js';
import type { StateDict } from './dictionary.js';
import { type FilterBank, type FilterBankOptions, filterBankOf } from './filter-bank.js';
import { inDepth } from './model-layers.js';
import { wholeWeights } from './whole-weights.js';

export interface WaveformFilterOptions extends FilterBankOptions {
  /** A layer, with or without `.weight`, or several. Default: the first that reads a waveform. */
  layer?: string | readonly string[];
}

/** The filters of a model that read a waveform. */
export interface WaveformFilters {
  /** Names of the layers, one for each bank. */
  readonly layers: readonly string[];
  readonly banks: readonly FilterBank[];
}

/**
 * The filters that a model applies to its input: its first convolution with one input, together
 * with those beside it whose names differ only in a number (the resolutions of a multi-resolution
 * model).
 *
 * @throws FewSoundError INVALID_ARGUMENT where no convolution reads a waveform, or there is no such
 *   layer; SHAPE_MISMATCH for a layer of another kind
 */
export function waveformFilters(
  state: StateDict,
  { layer, ...options }: WaveformFilterOptions = {},
): WaveformFilters {
  return scope(() => {
    const whole = wholeWeights(state);
    const names = layer === undefined ? frontEnd(whole) : [layer].flat();
    const layers = names.map((name) => name.replace(/\.weight$/, ''));
    const banks = layers.map((name) => {
      const weight = whole.get(`${name}.weight`) ?? whole.get(name);
      if (weight === undefined) {
        const known = readers(whole);
        throw invalidArgument(
          'layer',
          `there is no layer "${name}"; ${known.length > 0 ? `layers that read a waveform: ${known.join(', ')}` : 'and no other convolution that reads a waveform'}.`,
        );
      }
      return filterBankOf(weight, options);
    });
    return { layers, banks };
  });
}

function frontEnd(state: StateDict): string[] {
  const known = readers(state);
  const [first] = known;
  if (first === undefined) {
    throw invalidArgument(
      'model',
      'the model has no convolution that reads a waveform (a weight [filters, 1, length]); response spectra need a model that takes audio as input, not a network that represents it.',
    );
  }
  const pattern = withoutNumbers(first);
  return known.filter((name) => withoutNumbers(name) === pattern);
}

/** Layers whose weights are [filters, 1, length] with more than one tap, in the order of depth. */
function readers(state: StateDict): string[] {
  return inDepth(state).flatMap(([name, { shape }]) =>
    /(^|\.)weight$/.test(name) && shape.length === 3 && shape[1] === 1 && (shape[2] as number) > 1
      ? [name.replace(/\.?weight$/, '') || name]
      : [],
  );
}

const withoutNumbers = (name: string) => name.replace(/\d+/g, '#');
