import type { CorpusFile, CorpusLayout } from './corpus.js';

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
