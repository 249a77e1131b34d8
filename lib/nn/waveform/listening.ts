import { z } from 'zod';
import { type Placement, placementField } from '../../audio/placement.js';
import { FewSoundError } from '../../native/errors.js';
import { flag, optionsObject, sampleRateField } from '../../native/option-fields.js';
import { parseOptions } from '../../native/options.js';

/** How a trained classifier hears recordings, and what it tells apart. */
export interface Listening {
  /** Hz. */
  readonly sampleRate: number;
  /** Whether recordings are scaled to peak 1. */
  readonly normalize: boolean;
  /** Where a recording lies that is shorter or longer than the model hears: its beginning or its middle is kept. */
  readonly place: Placement;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];
}

const schema = optionsObject({
  sampleRate: sampleRateField,
  normalize: flag,
  place: placementField,
  labels: z.array(z.string({ error: 'Expected a name' }), {
    error: 'Expected an array of names',
  }),
});

/**
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT
 */
export function checkListening(listening: unknown, classes: number): Listening {
  const checked = parseOptions(schema, listening, 'listening');
  const { labels } = checked;
  if (labels.length === classes && new Set(labels).size === classes) return Object.freeze(checked);
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `listening: labels are ${labels.length} names for a model of ${classes} classes; expected a different one for each.`,
    { field: 'labels' },
  );
}
