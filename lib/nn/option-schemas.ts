import { z } from 'zod';
import { wholeNumber } from '../native/option-fields.js';

/** Widths of the hidden layers, from the input to the output. */
export const layerWidths = z
  .array(wholeNumber(1, 65_536), { error: 'Expected an array of widths, such as [48, 24, 12]' })
  .min(1, { error: 'Expected at least one hidden layer' })
  .max(64, { error: 'Expected at most 64 hidden layers' });

/** Hidden layers of the baselines in the FewSound paper. */
export const baselineLayers = [90, 90, 90, 90, 70];

/** Above 64 the highest frequency 2^(L-1)·π is past what a float can resolve. */
export const encodingLength = wholeNumber(1, 64);

const device = z.custom<'cpu' | 'cuda' | `cuda:${number}`>(
  (value) => typeof value === 'string' && /^(cpu|cuda(:\d+)?)$/.test(value),
  { error: "Expected 'cpu', 'cuda' or 'cuda:N'" },
);
const dtypeError = "Expected 'float32' or 'float64'";

/** What every network has. */
export const commonFields = {
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  dtype: z.enum(['float32', 'float64'], { error: dtypeError }).default('float32'),
  device: device.default('cpu'),
};
