import type { CorpusFile, CorpusLayout } from './corpus.js';
import type { CorpusFolder } from './corpus-folder.js';

const TRAIN = ['noisy_trainset_28spk_wav', 'noisy_trainset_56spk_wav'];
const VALIDATION = 'noisy_testset_wav';

/**
 * The noisy part of Valentini-Botinhao's speech enhancement corpus (2017), 48 kHz wav: both training sets where both are
 * there, its test set for validation.
 */
export const noisyVctk: CorpusLayout = {
  title: 'the noisy VCTK of Valentini-Botinhao',
  async list(folder) {
    const isThere = await Promise.all(TRAIN.map((set) => folder.hasFolder(set)));
    const sets = TRAIN.filter((_, index) => isThere[index]);
    if (sets.length === 0) throw folder.incomplete(`there is neither ${TRAIN.join(' nor ')}.`);
    const train = await Promise.all(sets.map((set) => filesIn(folder, set)));
    return { train: train.flat(), validation: await filesIn(folder, VALIDATION) };
  },
};

async function filesIn(folder: CorpusFolder, set: string): Promise<CorpusFile[]> {
  const names = await folder.audioFiles(set);
  if (names.length === 0) {
    throw folder.incomplete(`${set} holds no recording such as p232_001.wav.`);
  }
  // p232_001.wav is speaker p232.
  return names.map((name) =>
    folder.file(name, name.slice(name.lastIndexOf('/') + 1).split('_')[0] as string),
  );
}
