// By themselves, so that the command line can name them without loading what reads them.

/** Every {@link CorpusKind}. */
export const corpusKinds = [
  'vctk',
  'noisy-vctk',
  'librispeech',
  'ljspeech',
  'gtzan',
  'urbansound8k',
  'speech-commands',
  'folder',
] as const;

/** A corpus that fewsound knows; `'folder'` is any folder of audio files. */
export type CorpusKind = (typeof corpusKinds)[number];
