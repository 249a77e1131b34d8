import { CorpusFolder } from '../corpora/corpus-folder.js';
import type { LabelledFile, ListedClasses } from './labelled-files.js';

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
