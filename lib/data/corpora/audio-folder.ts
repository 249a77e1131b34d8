import { posix } from 'node:path';
import type { CorpusLayout } from './corpus.js';
import { splitByHash } from './split.js';

/** Any folder with audio files in it or below it; which are for validation a hash of the name decides. */
export const audioFolder: CorpusLayout = {
  title: 'a folder of audio files',
  validationFraction: 0.05,
  async list(folder, validationFraction) {
    const names = await folder.audioFiles('.');
    if (names.length < 2) {
      throw folder.incomplete(
        `there are ${names.length} audio files (wav, flac, mp3, ogg, opus, au) in it and below it; two or more are needed, one of them for validation.`,
      );
    }
    return splitByHash(
      names.map((name) => folder.file(name, posix.dirname(name))),
      validationFraction,
    );
  },
};
