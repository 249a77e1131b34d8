import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { CorpusFile, CorpusFolder, CorpusLayout, CorpusParts } from './corpus-folder.js';

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

/** Any folder with audio files in it or below it, split by a hash of their names. */
export const audioFolder: CorpusLayout = {
  title: 'a folder of audio files',
  validationFraction: 0.05,
  async list(folder, validationFraction) {
    const example = 'a.wav (or flac, mp3, ogg, opus, au)';
    const names = await folder.recordings('.', example, leastFor(validationFraction));
    return splitByHash(
      names.map((name) => folder.file(name, posix.dirname(name))),
      validationFraction,
    );
  },
};

/** Where the archives in circulation put the genres. */
const GENRE_FOLDERS = ['genres', 'genres_original', 'Data/genres_original'];

/**
 * GTZAN (Tzanetakis, Cook 2002), 22.05 kHz, 100 excerpts of 30 s a genre, wav or au. It has no
 * split of its own: the last tenth of each genre by name (numbers 90 to 99) is for validation. Of
 * the copy with wav files, jazz.00054.wav is known to be broken; it turns up among the bad files.
 */
export const gtzan: CorpusLayout = {
  title: 'GTZAN',
  validationFraction: 0.1,
  async list(folder, validationFraction) {
    const [root] = await foldersThere(folder, GENRE_FOLDERS);
    const genres = await folder.folders(root);
    if (genres.length === 0) {
      throw folder.incomplete(`${root} contains no folder of a genre such as blues.`);
    }
    const parts = await Promise.all(
      genres.map(async (genre) => {
        const [below, example] = [`${root}/${genre}`, `${genre}.00000.wav`];
        const names = await folder.recordings(below, example, leastFor(validationFraction));
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

/** LibriSpeech (Panayotov et al. 2015), 16 kHz FLAC, split as in the FewSound paper. */
export const librispeech: CorpusLayout = {
  title: 'LibriSpeech (train-clean-100 and test-other)',
  async list(folder) {
    const root = await folder.unwrapped('LibriSpeech');
    const filesIn = async (set: string) => {
      const names = await root.recordings(set, 'SPEAKER/CHAPTER/SPEAKER-CHAPTER-0000.flac');
      return names.map((name) => root.file(name, name.split('/')[1] as string));
    };
    return { train: await filesIn('train-clean-100'), validation: await filesIn('test-other') };
  },
};

/** LJ Speech 1.1 (Ito, Johnson 2017), 22.05 kHz wav: the last 5 % by name are for validation. */
export const ljspeech: CorpusLayout = {
  title: 'LJ Speech 1.1',
  validationFraction: 0.05,
  async list(folder, validationFraction) {
    const root = await folder.unwrapped('LJSpeech-1.1');
    const least = leastFor(validationFraction);
    const names = await root.recordings('wavs', 'LJ001-0001.wav', least);
    // LJ001-0001: sentence 1 of book 1.
    const files = names.map((name) => root.file(name, beforeFirst('-', name)));
    return splitAtEnd(files, validationFraction);
  },
};

const NOISY_TRAINING_SETS = ['noisy_trainset_28spk_wav', 'noisy_trainset_56spk_wav'];

/**
 * The noisy part of Valentini-Botinhao's speech enhancement corpus (2017), 48 kHz wav: either
 * training set or both, its test set for validation.
 */
export const noisyVctk: CorpusLayout = {
  title: 'the noisy VCTK of Valentini-Botinhao',
  async list(folder) {
    const filesIn = async (set: string) => {
      const names = await folder.recordings(set, 'p232_001.wav');
      return names.map((name) => folder.file(name, beforeFirst('_', name)));
    };
    const sets = await foldersThere(folder, NOISY_TRAINING_SETS);
    const train = await Promise.all(sets.map(filesIn));
    return { train: train.flat(), validation: await filesIn('noisy_testset_wav') };
  },
};

/**
 * Speech Commands (Warden 2018), 16 kHz wav of one second: validation as its validation_list.txt
 * says; what its testing_list.txt names is left out, and so is _background_noise_.
 */
export const speechCommands: CorpusLayout = {
  title: 'Speech Commands',
  async list(folder) {
    const root = await folder.unwrapped('speech_commands_v0.02');
    const words = (await root.folders()).filter((name) => !name.startsWith('_'));
    const names = (await Promise.all(words.map((word) => root.audioFiles(word)))).flat();
    const validationNames = await linesOf(root, 'validation_list.txt');
    const testingNames = await linesOf(root, 'testing_list.txt');

    const known = new Set(names);
    const missing = [...validationNames].find((name) => !known.has(name));
    if (missing !== undefined) {
      throw root.incomplete(`validation_list.txt names ${missing}, which is missing.`);
    }
    const file = (name: string) => root.file(name, name.split('/')[0] as string);
    const train = names.filter((name) => !validationNames.has(name) && !testingNames.has(name));
    const validation = names.filter((name) => validationNames.has(name));
    if (train.length === 0 || validation.length === 0) {
      throw root.incomplete(
        `it has ${train.length} recordings for training and ${validation.length} for validation, such as yes/0a7c2a8d_nohash_0.wav.`,
      );
    }
    return { train: train.map(file), validation: validation.map(file) };
  },
};

const FOLDS = Array.from({ length: 10 }, (_, index) => `fold${index + 1}`);

/** The classes by number, as the corpus's own metadata has them. */
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

/** UrbanSound8K (Salamon, Jacoby, Bello 2014), wav of many rates: fold 10 is for validation. */
export const urbansound8k: CorpusLayout = {
  title: 'UrbanSound8K',
  async list(folder) {
    const root = await folder.unwrapped('UrbanSound8K');
    const folds = await Promise.all(
      FOLDS.map(async (fold): Promise<CorpusFile[]> => {
        const names = await root.recordings(`audio/${fold}`, '100032-3-0-0.wav');
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

const VCTK_AUDIO = 'wav48_silence_trimmed';
const VALIDATION_SPEAKERS = 10;

/**
 * VCTK 0.92 (Yamagishi, Veaux, MacDonald 2019): 48 kHz FLAC of 110 speakers, both microphones. The
 * last ten speaker folders by name are for validation, as in the FewSound paper.
 */
export const vctk: CorpusLayout = {
  title: 'VCTK 0.92',
  async list(folder) {
    const root = await folder.unwrapped('VCTK-Corpus-0.92');
    /** The names that fit a pattern; the others are left out. */
    const named = (names: readonly string[], pattern: RegExp, below = '') =>
      names.filter((name) => {
        const fits = pattern.test(name);
        if (!fits) root.leaveOut(below + name, 'other-name');
        return fits;
      });
    const speakers = named(await root.folders(VCTK_AUDIO), /^[ps]\d+$/, `${VCTK_AUDIO}/`);
    if (speakers.length <= VALIDATION_SPEAKERS) {
      throw root.incomplete(
        `${VCTK_AUDIO} contains ${speakers.length} speaker folder(s) such as p225; the last ${VALIDATION_SPEAKERS} are for validation, so at least ${VALIDATION_SPEAKERS + 1} are needed.`,
      );
    }
    const filesOf = async (speaker: string): Promise<CorpusFile[]> => {
      const below = `${VCTK_AUDIO}/${speaker}`;
      const names = named(await root.audioFiles(below), /_mic[12]\.flac$/);
      root.requireRecordings(names, below, `${speaker}_001_mic1.flac`);
      return names.map((name) => root.file(name, speaker));
    };
    const files = await Promise.all(speakers.map(filesOf));
    return {
      train: files.slice(0, -VALIDATION_SPEAKERS).flat(),
      validation: files.slice(-VALIDATION_SPEAKERS).flat(),
    };
  },
};

/** Those of the folders that exist, one or more. */
async function foldersThere(
  folder: CorpusFolder,
  names: readonly string[],
): Promise<[string, ...string[]]> {
  const isThere = await Promise.all(names.map((name) => folder.hasFolder(name)));
  const [first, ...others] = names.filter((_, index) => isThere[index]);
  if (first !== undefined) return [first, ...others];
  throw folder.incomplete(`expected at least one of the folders ${names.join(', ')}.`);
}

/** p232 of test/p232_001.wav. */
function beforeFirst(separator: string, name: string): string {
  return posix.basename(name).split(separator)[0] as string;
}

async function linesOf(root: CorpusFolder, list: string): Promise<Set<string>> {
  const text = await readFile(join(root.path, list), 'utf8').catch(() => {
    throw root.incomplete(`expected a readable ${list}, which says how the corpus is split.`);
  });
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return new Set(lines.filter((line) => line !== ''));
}

/** How many files a split by a fraction takes. */
const leastFor = (fraction: number): 1 | 2 => (fraction === 0 ? 1 : 2);

/** How many files are for validation: by the fraction, but both parts get at least one. */
function validationCount(count: number, fraction: number): number {
  return fraction === 0 ? 0 : Math.min(count - 1, Math.max(1, Math.round(count * fraction)));
}

/** The last files by name are for validation. Takes as many as `leastFor` says. */
function splitAtEnd(files: readonly CorpusFile[], fraction: number): CorpusParts {
  const sorted = sortByName(files);
  const boundary = sorted.length - validationCount(sorted.length, fraction);
  return { train: sorted.slice(0, boundary), validation: sorted.slice(boundary) };
}

/**
 * The files whose names have the smallest SHA-256 are for validation: as good as random, the same
 * on every machine, and hardly changed by files added later. Takes as many as `leastFor` says.
 */
function splitByHash(files: readonly CorpusFile[], fraction: number): CorpusParts {
  const digests = new Map(
    files.map((file) => [file, createHash('sha256').update(file.name).digest('hex')]),
  );
  const byDigest = [...files].sort((a, b) =>
    (digests.get(a) as string) < (digests.get(b) as string) ? -1 : 1,
  );
  const chosen = new Set(byDigest.slice(0, validationCount(files.length, fraction)));
  const sorted = sortByName(files);
  return {
    train: sorted.filter((file) => !chosen.has(file)),
    validation: sorted.filter((file) => chosen.has(file)),
  };
}

/** By the names' UTF-16 units, which for the names of corpora is the order of Python's `sorted`. */
export function sortByName(files: readonly CorpusFile[]): CorpusFile[] {
  return [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
