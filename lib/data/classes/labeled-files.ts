import { CorpusFolder, type LeftOut } from '../corpora/corpus-folder.js';

/**
 * A folder with a subfolder for each class. Recordings beside the subfolders have no class.
 *
 * @throws FewSoundError FILE_NOT_FOUND naming a subfolder without recordings; INVALID_ARGUMENT, IO
 */
export async function classFolders(path: string): Promise<ListedClasses> {
  const folder = await CorpusFolder.open(path, 'a folder with a subfolder for each class');
  const labels = await folder.folders();
  for (const name of await folder.ownAudioFiles()) folder.leaveOut(name, 'no-class');
  const files: LabeledFile[] = [];
  for (const [label, name] of labels.entries()) {
    const found = await folder.audioFiles(name);
    if (found.length === 0) {
      throw folder.incomplete(
        `the subfolder ${name} contains no recordings; add some, or remove it.`,
      );
    }
    files.push(...found.map((file) => ({ path: folder.file(file, name).path, name: file, label })));
  }
  return { labels, files, leftOut: folder.leftOut };
}

/** A recording and its class. */
export interface LabeledFile {
  /** Absolute path. */
  readonly path: string;
  /** Path below its folder, with `/` between: the same wherever the folder lies. */
  readonly name: string;
  /** Index of its class. */
  readonly label: number;
}

/** Recordings of several classes. */
export interface LabeledFiles {
  /** Names of the classes, by index. */
  readonly labels: readonly string[];
  /** Sorted by name. */
  readonly files: readonly LabeledFile[];
}

/** Recordings of several classes, and the entries left out, sorted by name. */
export interface ListedClasses extends LabeledFiles {
  readonly leftOut: readonly LeftOut[];
}

/** What to classify spoken digits by. */
export const digitTasks = ['digit', 'speaker'] as const;
export type DigitTask = (typeof digitTasks)[number];

/**
 * Free Spoken Digit Dataset (Jackson and others): files DIGIT_SPEAKER_INDEX.wav in a folder, or in
 * its `recordings`.
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
    throw folder.incomplete('it contains no recording such as 7_jackson_32.wav.');
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
