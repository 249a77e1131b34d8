import { CorpusFolder, type LeftOut } from '../corpora/corpus-folder.js';

/**
 * A folder with a sub-folder for each class, whatever its recordings are called; those beside the
 * sub-folders are of no class.
 *
 * @throws FewSoundError FILE_NOT_FOUND naming the sub-folder that holds no recording; INVALID_ARGUMENT, IO
 */
export async function classFolders(path: string): Promise<ListedClasses> {
  const folder = await CorpusFolder.open(path, 'a folder with a sub-folder for each class');
  const labels = await folder.folders();
  for (const name of await folder.ownAudioFiles()) folder.leaveOut(name, 'no-class');
  const files: LabelledFile[] = [];
  for (const [label, name] of labels.entries()) {
    const found = await folder.audioFiles(name);
    if (found.length === 0) {
      throw folder.incomplete(
        `the sub-folder ${name} holds no recording; put some there, or remove it.`,
      );
    }
    files.push(...found.map((file) => ({ path: folder.file(file, name).path, name: file, label })));
  }
  return { labels, files, leftOut: folder.leftOut };
}

/** A recording and the class that it is of. */
export interface LabelledFile {
  /** Absolute path. */
  readonly path: string;
  /** Path below its folder, with `/` between: the same wherever the folder lies. */
  readonly name: string;
  /** Number of its class, from 0. */
  readonly label: number;
}

/** Recordings of several classes. */
export interface LabelledFiles {
  /** Names of the classes, by their numbers. */
  readonly labels: readonly string[];
  /** Sorted by name. */
  readonly files: readonly LabelledFile[];
}

/** Recordings of several classes, and what lies between them and is none, sorted by name. */
export interface ListedClasses extends LabelledFiles {
  readonly leftOut: readonly LeftOut[];
}

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
