import { CorpusFolder } from '../corpora/corpus-folder.js';
import type { ListedClasses } from './labelled-files.js';

/** What spoken digits are sorted by. */
export const digitTasks = ['digit', 'speaker'] as const;
export type DigitTask = (typeof digitTasks)[number];

/**
 * Free Spoken Digit Dataset (Jackson and others): files DIGIT_SPEAKER_INDEX.wav in one folder, or in its `recordings`.
 *
 * @throws FewSoundError FILE_NOT_FOUND, INVALID_ARGUMENT, IO
 */
export async function spokenDigits(path: string, task: DigitTask): Promise<ListedClasses> {
  const outer = await CorpusFolder.open(path, 'the Free Spoken Digit Dataset');
  const folder = await outer.unwrapped('recordings');
  const parsed = (await folder.audioFiles('.')).flatMap((name) => {
    const [, digit, speaker] = /^(\d)_([^_/]+)_\d+\.\w+$/.exec(name) ?? [];
    if (digit !== undefined) return [{ name, of: (task === 'digit' ? digit : speaker) as string }];
    folder.leaveOut(name, 'other-name');
    return [];
  });
  if (parsed.length === 0) {
    throw folder.incomplete('it holds no recording such as 7_jackson_32.wav.');
  }
  const labels = [...new Set(parsed.map(({ of }) => of))].sort();
  return {
    labels,
    files: parsed.map(({ name, of }) => ({
      path: folder.file(name, of).path,
      name,
      label: labels.indexOf(of),
    })),
    leftOut: folder.leftOut,
  };
}
