import { z } from 'zod';
import { optionsObject, wholeNumber } from '../../native/option-fields.js';
import type { Device } from '../../tensor/index.js';
import { commonFields } from '../option-schemas.js';

/** Options of every classifier of waveforms. */
export interface ClassifierOptions {
  /** How many classes there are, 2 or more. Default 2. */
  classes?: number;
  /** Samples of a recording. Default 16,000, one second at 16 kHz; of the TSSDNets 96,000. */
  samples?: number;
  /** Seed of the initial weights. Without it one is drawn and recorded in `options`. */
  seed?: number;
  /** Default 'float32'. */
  dtype?: 'float32' | 'float64';
  /** Default 'cpu'. Initial weights do not depend on it. */
  device?: Device;
}

/** A convolutional layer; after it come ELU, batch norm and max-pooling. */
export interface WaveformLayer {
  /** Widths of the kernels that stand side by side, one or several. */
  kernels: readonly number[];
  /** Filters of each width. */
  filters: number;
  /** Samples or frames between two responses. Default 1. */
  stride?: number;
  /** Frames of which the largest is kept; 1: all. Default 1. */
  pooling?: number;
}

/** Options of the CNNs of paper 2, section 3.1. */
export interface WaveformCnnOptions extends ClassifierOptions {
  /** The convolutional layers, 1 to 64 of them. Default: those of the paper. */
  layers?: readonly WaveformLayer[];
  /** Width of the dense layer. Default 1024. */
  hidden?: number;
  /** Part of the dense layer's outputs that training leaves out, 0 to below 1. Default 0.25. */
  dropout?: number;
}

/** The fields that all classifiers have. */
export function classifierFields(samples: number, leastSamples = 1) {
  return {
    classes: wholeNumber(2, 65_536).default(2),
    samples: wholeNumber(leastSamples, 2 ** 24).default(samples),
    ...commonFields,
  };
}

const widths = wholeNumber(1, 65_536);
const layerSchema = optionsObject({
  kernels: z
    .array(widths, { error: 'Expected an array of kernel widths, such as [300]' })
    .min(1, { error: 'Expected at least one kernel width' })
    .max(64, { error: 'Expected at most 64 kernel widths' }),
  filters: widths,
  stride: widths.default(1),
  pooling: widths.default(1),
});

const dropoutError = 'Expected a number from 0 to below 1';

/** The fields of a CNN with the layers of the paper as default. */
export function waveformCnnFields(layers: readonly Required<WaveformLayer>[]) {
  return {
    ...classifierFields(16_000),
    layers: z
      .array(layerSchema, { error: 'Expected an array of layers { kernels, filters, … }' })
      .min(1, { error: 'Expected at least one layer' })
      .max(64, { error: 'Expected at most 64 layers' })
      .default(layers.map((layer) => ({ ...layer, kernels: [...layer.kernels] }))),
    hidden: widths.default(1024),
    dropout: z
      .number({ error: dropoutError })
      .min(0, { error: dropoutError })
      .lt(1, { error: dropoutError })
      .default(0.25),
  };
}
