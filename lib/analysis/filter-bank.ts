import { z } from 'zod';
import { FewSoundError, invalidArgument } from '../errors.js';
import { anySampleRateField, optionsObject, parseOptions, wholeNumber } from '../options.js';
import { scope, Tensor, tensor } from '../tensor/index.js';

/** The filters of a layer that reads a waveform; a bank for each of its resolutions. */
export interface FilterBank {
  /** [filters, length], float32 or float64, finite. */
  readonly filters: Tensor;
  /** Samples between two responses. */
  readonly stride: number;
  /** Hz: the rate that the filters were learned at. */
  readonly sampleRate: number;
}

export interface FilterBankOptions {
  /** Samples between two responses. Default 10, that of the paper's models. */
  stride?: number;
  /** Hz. Default 16,000, that of the paper's models. */
  sampleRate?: number;
}

/** Filters as numbers, row by row. */
export interface FilterValues {
  /** [filters · length] */
  readonly values: Float32Array | Float64Array;
  readonly filters: number;
}

const schema = optionsObject({
  stride: wholeNumber(1, 2 ** 24).default(10),
  sampleRate: anySampleRateField.default(16_000),
});

/**
 * The bank of a convolution that reads a waveform.
 *
 * @param weight conv1d [filters, 1, length], or [filters, length], or numbers row by row. A tensor
 *   is not copied.
 * @throws FewSoundError SHAPE_MISMATCH for a convolution with several inputs, INVALID_ARGUMENT for
 *   numbers that are not finite or bad options
 */
export function filterBankOf(
  weight: Tensor | FilterValues,
  options: FilterBankOptions = {},
): FilterBank {
  const { stride, sampleRate } = parseOptions(schema, options, 'filterBankOf options');
  const bank = { filters: filterMatrix(weight), stride, sampleRate };
  checkBank(bank);
  return bank;
}

function filterMatrix(weight: Tensor | FilterValues): Tensor {
  if (!(weight instanceof Tensor)) {
    const { values, filters } = weight;
    if (values.length === 0 || values.length % filters !== 0) {
      throw new FewSoundError(
        'SHAPE_MISMATCH',
        `filterBankOf: ${values.length} numbers do not divide into ${filters} filters.`,
        { field: 'filters' },
      );
    }
    return tensor(values, { shape: [filters, values.length / filters] });
  }
  const { shape } = weight;
  const readsWaveform = shape.length === 2 || (shape.length === 3 && shape[1] === 1);
  if (!readsWaveform || weight.size === 0) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `filterBankOf: expected a convolution of a waveform, [filters, 1, length], got the shape [${shape.join(', ')}].`,
      { shapes: [[...shape]] },
    );
  }
  return scope(() => weight.detach().reshape([shape[0] as number, -1]));
}

const bankSchema = z.object({
  filters: z.custom<Tensor>((value) => value instanceof Tensor, {
    error: 'Expected a Tensor [filters, length]',
  }),
  stride: wholeNumber(1, 2 ** 24),
  sampleRate: anySampleRateField,
});

function checkBank(bank: FilterBank): void {
  const { filters } = parseOptions(bankSchema, bank, 'filter bank');
  const { shape, dtype } = filters;
  if (shape.length !== 2 || filters.size === 0 || !['float32', 'float64'].includes(dtype)) {
    throw new FewSoundError(
      'SHAPE_MISMATCH',
      `filter bank: filters are ${String(filters)}; expected a float32 or float64 matrix [filters, length].`,
      { field: 'filters', shapes: [[...shape]] },
    );
  }
  using finite = filters.isfinite();
  using all = finite.all();
  if (all.item() !== 1) {
    throw invalidArgument(
      'filters',
      'filter bank: a filter contains NaN or infinity; use a model whose training did not diverge, or leave that filter out.',
    );
  }
}

/**
 * The banks of one layer, checked to agree.
 *
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function layerOfBanks(given: FilterBank | readonly FilterBank[]): readonly FilterBank[] {
  const banks = Array.isArray(given) ? (given as readonly FilterBank[]) : [given as FilterBank];
  const [first] = banks;
  if (first === undefined) {
    throw invalidArgument('banks', 'expected at least one filter bank.');
  }
  for (const bank of banks) {
    checkBank(bank);
    const field = bank.stride !== first.stride ? 'stride' : 'sampleRate';
    if (bank[field] !== first[field]) {
      throw invalidArgument(
        field,
        `the filter banks of a layer must have the same ${field}, got ${first[field]} and ${bank[field]}.`,
      );
    }
  }
  return banks;
}
