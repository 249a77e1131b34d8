import type { CorpusFile, CorpusLayout } from './corpus.js';
import type { CorpusFolder } from './corpus-folder.js';

/** LibriSpeech (Panayotov et al. 2015), 16 kHz FLAC: train-clean-100 to learn, test-other for validation, as in the paper. */
export const librispeech: CorpusLayout = {
  title: 'LibriSpeech (train-clean-100 and test-other)',
  async list(folder) {
    const root = await folder.unwrapped('LibriSpeech');
    return {
      train: await filesIn(root, 'train-clean-100'),
      validation: await filesIn(root, 'test-other'),
    };
  },
};

async function filesIn(root: CorpusFolder, set: string): Promise<CorpusFile[]> {
  const names = await root.audioFiles(set);
  if (names.length === 0) {
    throw root.incomplete(
      `${set} holds no recording such as SPEAKER/CHAPTER/SPEAKER-CHAPTER-0000.flac.`,
    );
  }
  return names.map((name) => root.file(name, name.split('/')[1] as string));
}
