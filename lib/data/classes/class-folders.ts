import { CorpusFolder } from '../corpora/corpus-folder.js';
import type { LabelledFile, LabelledFiles } from './labelled-files.js';

/**
 * A folder with a sub-folder for each class, whatever its recordings are called.
 *
 * @throws FewSoundError FILE_NOT_FOUND naming the sub-folder that holds no recording; INVALID_ARGUMENT, IO
 */
export async function classFolders(path: string): Promise<LabelledFiles> {
  const folder = await CorpusFolder.open(path, 'a folder with a sub-folder for each class');
  const labels = await folder.folders();
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
  return { labels, files };
}
