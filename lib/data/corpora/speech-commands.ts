import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CorpusLayout } from './corpus.js';
import type { CorpusFolder } from './corpus-folder.js';

const VALIDATION = 'validation_list.txt';
const TESTING = 'testing_list.txt';

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
    const validationNames = await namesIn(root, VALIDATION);
    const testingNames = await namesIn(root, TESTING);

    const known = new Set(names);
    const missing = [...validationNames].find((name) => !known.has(name));
    if (missing !== undefined) {
      throw root.incomplete(`${VALIDATION} names ${missing}, which is not there.`);
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
