import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { CorpusFile, CorpusFolder, CorpusLayout } from './corpus-folder.js';
import { splitAtEnd, splitByHash } from './split.js';

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

/** LibriSpeech (Panayotov et al. 2015), 16 kHz FLAC: train-clean-100 to learn, test-other for validation, as in the paper. */
export const librispeech: CorpusLayout = {
  title: 'LibriSpeech (train-clean-100 and test-other)',
  async list(folder) {
    const root = await folder.unwrapped('LibriSpeech');
    return {
      train: await booksIn(root, 'train-clean-100'),
      validation: await booksIn(root, 'test-other'),
    };
  },
};

async function booksIn(root: CorpusFolder, set: string): Promise<CorpusFile[]> {
  const names = await root.audioFiles(set);
  if (names.length === 0) {
    throw root.incomplete(
      `${set} holds no recording such as SPEAKER/CHAPTER/SPEAKER-CHAPTER-0000.flac.`,
    );
  }
  return names.map((name) => root.file(name, name.split('/')[1] as string));
}

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

const NOISY_TRAINING_SETS = ['noisy_trainset_28spk_wav', 'noisy_trainset_56spk_wav'];

/**
 * The noisy part of Valentini-Botinhao's speech enhancement corpus (2017), 48 kHz wav: both training sets where both are
 * there, its test set for validation.
 */
export const noisyVctk: CorpusLayout = {
  title: 'the noisy VCTK of Valentini-Botinhao',
  async list(folder) {
    const isThere = await Promise.all(NOISY_TRAINING_SETS.map((set) => folder.hasFolder(set)));
    const sets = NOISY_TRAINING_SETS.filter((_, index) => isThere[index]);
    if (sets.length === 0)
      throw folder.incomplete(`there is neither ${NOISY_TRAINING_SETS.join(' nor ')}.`);
    const train = await Promise.all(sets.map((set) => filesIn(folder, set)));
    return { train: train.flat(), validation: await filesIn(folder, 'noisy_testset_wav') };
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

/**
 * Speech Commands (Warden 2018), 16 kHz wav of one second: validation as its validation_list.txt says; what its
 * testing_list.txt names is left out, and so is _background_noise_.
 */
export const speechCommands: CorpusLayout = {
  title: 'Speech Commands',
  async list(folder) {
    const root = await folder.unwrapped('speech_commands_v0.02');
    const words = (await root.folders()).filter((name) => !name.startsWith('_'));
    const names = (await Promise.all(words.map((word) => root.audioFiles(word)))).flat();
    const validationNames = await namesIn(root, 'validation_list.txt');
    const testingNames = await namesIn(root, 'testing_list.txt');

    const known = new Set(names);
    const missing = [...validationNames].find((name) => !known.has(name));
    if (missing !== undefined) {
      throw root.incomplete(`${'validation_list.txt'} names ${missing}, which is not there.`);
    }
    const file = (name: string) => root.file(name, name.split('/')[0] as string);
    const train = names.filter((name) => !validationNames.has(name) && !testingNames.has(name));
    const validation = names.filter((name) => validationNames.has(name));
    if (train.length === 0 || validation.length === 0) {
      throw root.incomplete(
        `there are ${train.length} recordings to learn and ${validation.length} for validation, such as yes/0a7c2a8d_nohash_0.wav.`,
      );
    }
    return { train: train.map(file), validation: validation.map(file) };
  },
};

async function namesIn(root: CorpusFolder, list: string): Promise<Set<string>> {
  const text = await readFile(join(root.path, list), 'utf8').catch(() => {
    throw root.incomplete(`there is no readable ${list} in it, which says how it is divided.`);
  });
  return new Set(
    text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}

const FOLDS = Array.from({ length: 10 }, (_, index) => `fold${index + 1}`);

/** The classes by their number, as the corpus's own metadata has them. */
const CLASSES = [
  'air_conditioner',
  'car_horn',
  'children_playing',
  'dog_bark',
  'drilling',
  'engine_idling',
  'gun_shot',
  'jackhammer',
  'siren',
  'street_music',
];

/** UrbanSound8K (Salamon, Jacoby, Bello 2014), wav of many rates, at most 4 s each: fold 10 is for validation. */
export const urbansound8k: CorpusLayout = {
  title: 'UrbanSound8K',
  async list(folder) {
    const root = await folder.unwrapped('UrbanSound8K');
    const folds = await Promise.all(
      FOLDS.map(async (fold): Promise<CorpusFile[]> => {
        const names = await root.audioFiles(`audio/${fold}`);
        if (names.length === 0) {
          throw root.incomplete(`audio/${fold} holds no recording such as 100032-3-0-0.wav.`);
        }
        return names.map((name) => root.file(name, classOf(name)));
      }),
    );
    return { train: folds.slice(0, -1).flat(), validation: folds.slice(-1).flat() };
  },
};

/** 100032-3-0-0.wav is of class 3. */
function classOf(name: string): string {
  const number = /(?:^|\/)\d+-(\d)-\d+-\d+\.\w+$/.exec(name)?.[1];
  return number === undefined ? 'unknown' : (CLASSES[Number(number)] as string);
}

const AUDIO = 'wav48_silence_trimmed';
const VALIDATION_SPEAKERS = 10;

/**
 * VCTK 0.92 (Yamagishi, Veaux, MacDonald 2019): 48 kHz FLAC of 110 speakers, both microphones. The last ten speaker
 * folders by name are for validation, as in the FewSound paper.
 */
export const vctk: CorpusLayout = {
  title: 'VCTK 0.92',
  async list(folder) {
    const root = await folder.unwrapped('VCTK-Corpus-0.92');
    const speakers = (await root.folders(AUDIO)).filter((name) => {
      const is = /^[ps]\d+$/.test(name);
      if (!is) root.leaveOut(`${AUDIO}/${name}`, 'other-name');
      return is;
    });
    if (speakers.length <= VALIDATION_SPEAKERS) {
      throw root.incomplete(
        `${AUDIO} holds ${speakers.length} speaker folder(s) such as p225; the last ${VALIDATION_SPEAKERS} are for validation, so there must be ${VALIDATION_SPEAKERS + 1} or more.`,
      );
    }
    const filesOf = async (speaker: string): Promise<CorpusFile[]> => {
      const names = (await root.audioFiles(`${AUDIO}/${speaker}`)).filter((name) => {
        const is = /_mic[12]\.flac$/.test(name);
        if (!is) root.leaveOut(name, 'other-name');
        return is;
      });
      if (names.length === 0) {
        throw root.incomplete(
          `${AUDIO}/${speaker} holds no recording such as ${speaker}_001_mic1.flac.`,
        );
      }
      return names.map((name) => root.file(name, speaker));
    };
    const files = await Promise.all(speakers.map(filesOf));
    return {
      train: files.slice(0, -VALIDATION_SPEAKERS).flat(),
      validation: files.slice(-VALIDATION_SPEAKERS).flat(),
    };
  },
};
