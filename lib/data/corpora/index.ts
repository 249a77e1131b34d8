import { z } from 'zod';
import { invalidArgument } from '../../errors.js';
import { optionsObject, parseOptions } from '../../options.js';
import {
  type CorpusFile,
  type CorpusFiles,
  CorpusFolder,
  type CorpusLayout,
  type LeftOut,
} from './corpus-folder.js';
import {
  audioFolder,
  type CorpusKind,
  corpusKinds,
  gtzan,
  librispeech,
  ljspeech,
  noisyVctk,
  sortByName,
  speechCommands,
  urbansound8k,
  vctk,
} from './kinds.js';

export {
  type CorpusFile,
  type CorpusFiles,
  type LeftOut,
  type LeftOutReason,
  leftOutReasons,
} from './corpus-folder.js';
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
   * Fraction of the recordings for validation, above 0 and below 1; both parts get at least one.
   * Default 0.05 for ljspeech and folder, 0.1 for gtzan; the other corpora have a split of their
   * own and refuse it.
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
 * The fraction of a corpus for validation: as given, else the corpus's default, else null where it
 * has a split of its own.
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
    throw invalidArgument(
      'validationFraction',
      `validationFraction is ${given}, but ${layout.title} comes with a split of its own; omit the option.`,
    );
  }
  return given ?? layout.validationFraction ?? null;
}

/**
 * Lists the recordings of a corpus, in place, in the layout that its own archive unpacks to. Only
 * names are looked at. Links to folders and files are followed, each folder once. Entries that are
 * not recordings are listed beside them, except hidden ones.
 *
 * - vctk: VCTK 0.92, `wav48_silence_trimmed/pNNN/*_mic1.flac` and `_mic2.flac`; validation: the
 *   last ten speakers by name
 * - noisy-vctk: `noisy_trainset_28spk_wav`, `noisy_trainset_56spk_wav`, either or both; validation:
 *   `noisy_testset_wav`
 * - librispeech: `train-clean-100`; validation: `test-other`; with or without `LibriSpeech/` around
 *   them
 * - ljspeech: `wavs` or `LJSpeech-1.1/wavs`; validation: the last 5 % by name
 * - gtzan: `genres` or `genres_original`; validation: the last tenth of each genre by name
 * - urbansound8k: `audio/fold1` to `fold10`; validation: fold 10
 * - speech-commands: validation as `validation_list.txt` says, without what `testing_list.txt`
 *   names
 * - folder: audio files in the folder and below it; validation: 5 %, those whose names' SHA-256 are
 *   smallest
 *
 * @throws FewSoundError INVALID_ARGUMENT, also for a link to a folder that contains it;
 *   FILE_NOT_FOUND, naming what was expected and where, when the folder or a part of the corpus is
 *   missing or empty; IO
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

/**
 * All recordings of a corpus by name, for who needs none for validation: one is enough.
 *
 * @internal
 * @throws FewSoundError what {@link listCorpus} throws
 */
export async function listRecordings(
  kind: CorpusKind,
  folder: string,
): Promise<{ readonly recordings: readonly CorpusFile[]; readonly leftOut: readonly LeftOut[] }> {
  const layout: CorpusLayout = layouts[parseOptions(corpusKind, kind, 'the kind of corpus')];
  const opened = await CorpusFolder.open(folder, layout.title);
  const { train, validation } = await layout.list(opened, 0);
  return { recordings: sortByName([...train, ...validation]), leftOut: opened.leftOut };
}
