import type { CorpusFile, CorpusLayout } from './corpus.js';

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
