import type { CorpusLayout } from './corpus.js';
import { splitAtEnd } from './split.js';

/** Where the archives in circulation put the genres. */
const PLACES = ['genres', 'genres_original', 'Data/genres_original'];

/**
 * GTZAN (Tzanetakis, Cook 2002), 22.05 kHz, 100 excerpts of 30 s a genre, wav or au. It has no division of its own: the
 * last tenth of each genre by name (numbers 90 to 99) is for validation. Of the copy with wav files, jazz.00054.wav is
 * known to be broken; it turns up among the bad files.
 */
export const gtzan: CorpusLayout = {
  title: 'GTZAN',
  validationFraction: 0.1,
  async list(folder, validationFraction) {
    const isThere = await Promise.all(PLACES.map((place) => folder.hasFolder(place)));
    const place = PLACES.find((_, index) => isThere[index]);
    if (place === undefined) {
      throw folder.incomplete(`there is none of ${PLACES.join(', ')} in it.`);
    }
    const genres = await folder.folders(place);
    if (genres.length === 0) {
      throw folder.incomplete(`${place} holds no folder of a genre such as blues.`);
    }
    const parts = await Promise.all(
      genres.map(async (genre) => {
        const names = await folder.audioFiles(`${place}/${genre}`);
        if (names.length < 2) {
          throw folder.incomplete(
            `${place}/${genre} holds ${names.length} recording(s) such as ${genre}.00000.wav; two or more are needed, one of them for validation.`,
          );
        }
        return splitAtEnd(
          names.map((name) => folder.file(name, genre)),
          validationFraction,
        );
      }),
    );
    return {
      train: parts.flatMap(({ train }) => train),
      validation: parts.flatMap(({ validation }) => validation),
    };
  },
};
