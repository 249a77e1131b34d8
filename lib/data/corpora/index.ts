import { z } from 'zod';
import { FewSoundError } from '../../errors.js';
import { optionsObject, parseOptions } from '../../options.js';
import type { CorpusFiles, CorpusLayout } from './corpus-folder.js';
import { CorpusFolder } from './corpus-folder.js';
import {
  audioFolder,
  type CorpusKind,
  corpusKinds,
  gtzan,
  librispeech,
  ljspeech,
  noisyVctk,
  speechCommands,
  urbansound8k,
  vctk,
} from './kinds.js';

export type { CorpusFile, CorpusFiles } from './corpus-folder.js';
export { type LeftOut, type LeftOutReason, leftOutReasons } from './corpus-folder.js';
export { type CorpusKind, corpusKinds } from './kinds.js';

const layouts = {
  vctk,
  'noisy-vctk': noisyVctk,
  librispeech,
  ljspeech,
  gtzan,
  urbansound8k,
  'speech-commands': speechCommands,
  folder: audioFolder,
} as const satisfies Record<CorpusKind, CorpusLayout>;

/** Options of {@link listCorpus}. */
export interface ListCorpusOptions {
  /**
   * Part of the recordings for validation, above 0 and below 1; both parts get at least one. For ljspeech and folder
   * 0.05 by default, for gtzan 0.1; the other corpora have a division of their own and take none.
   */
  validationFraction?: number;
}

/** @internal */
export const corpusKind = z.enum(corpusKinds, {
  error: `Expected one of ${corpusKinds.join(', ')}`,
});

const fraction = 'Expected a number above 0 and below 1';

/** @internal */
export const validationFraction = z
  .number({ error: fraction })
  .gt(0, { error: fraction })
  .lt(1, { error: fraction });

const listSchema = optionsObject({ validationFraction: validationFraction.optional() });

/**
 * The part of a corpus that is for validation: as given, else the corpus's default, else null where it is divided otherwise.
 *
 * @internal
 * @throws FewSoundError INVALID_ARGUMENT where the corpus takes none
 */
export function resolveValidationFraction(
  kind: CorpusKind,
  given: number | undefined,
): number | null {
  const layout: CorpusLayout = layouts[kind];
  if (layout.validationFraction === undefined && given !== undefined) {
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `validationFraction is ${given}, but ${layout.title} is divided into training and validation in its own way; leave the option out.`,
      { field: 'validationFraction' },
    );
  }
  return given ?? layout.validationFraction ?? null;
}

/**
 * The recordings of a corpus, read in place from the layout that its own archive unpacks to. Only
 * names are looked at. Links to folders and files are followed, each folder once. What is between
 * the recordings and none of them is listed beside them, but for hidden entries.
 *
 * - vctk: VCTK 0.92, `wav48_silence_trimmed/pNNN/*_mic1.flac` and `_mic2.flac`; validation: the last ten speakers by name
 * - noisy-vctk: `noisy_trainset_28spk_wav`, `noisy_trainset_56spk_wav`, either or both; validation: `noisy_testset_wav`
 * - librispeech: `train-clean-100`; validation: `test-other`; with or without `LibriSpeech/` around them
 * - ljspeech: `wavs` or `LJSpeech-1.1/wavs`; validation: the last 5 % by name
 * - gtzan: `genres` or `genres_original`; validation: the last tenth of each genre by name
 * - urbansound8k: `audio/fold1` to `fold10`; validation: fold 10
 * - speech-commands: validation as `validation_list.txt` says, what `testing_list.txt` names left out
 * - folder: audio files in the folder and below it; validation: 5 %, those whose names' SHA-256 are smallest
 *
 * @throws FewSoundError INVALID_ARGUMENT, also for a link that leads back to a folder that it lies
 *   in; FILE_NOT_FOUND naming what was looked for and where, when the folder, or a part
 *   of the corpus, is missing or empty; IO
 */
export async function listCorpus(
  kind: CorpusKind,
  folder: string,
  options: ListCorpusOptions = {},
): Promise<CorpusFiles> {
  const checked = parseOptions(corpusKind, kind, 'the kind of corpus');
  const given = parseOptions(listSchema, options, 'listCorpus options').validationFraction;
  const part = resolveValidationFraction(checked, given);
  const layout: CorpusLayout = layouts[checked];
  // A layout without a default does not look at the fraction.
  const opened = await CorpusFolder.open(folder, layout.title);
  const parts = await layout.list(opened, part ?? 0);
  return { ...parts, leftOut: opened.leftOut };
}
