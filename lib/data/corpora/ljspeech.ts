import type { CorpusLayout } from './corpus.js';
import { splitAtEnd } from './split.js';

/** LJ Speech 1.1 (Ito, Johnson 2017), 22.05 kHz wav: the last 5 % of the sentences by name are for validation. */
export const ljspeech: CorpusLayout = {
  title: 'LJ Speech 1.1',
  validationFraction: 0.05,
  async list(folder, validationFraction) {
    const root = await folder.unwrapped('LJSpeech-1.1');
    const names = await root.audioFiles('wavs');
    if (names.length < 2) {
      throw root.incomplete(
        `wavs holds ${names.length} recording(s) such as LJ001-0001.wav; two or more are needed, one of them for validation.`,
      );
    }
    const files = names.map((name) => {
      // LJ001-0001: sentence 1 of book 1.
      const sentence = name.slice(name.lastIndexOf('/') + 1);
      return root.file(name, sentence.split('-')[0] as string);
    });
    return splitAtEnd(files, validationFraction);
  },
};
