import type { FileHandle } from 'node:fs/promises';

// Node.js 26 ends the process when it collects a file handle that is still open. These hold the
// handles of owners that are in use or forgotten, so that forgetting to close a log or a corpus
// costs no more than it did.
const forgotten = new FinalizationRegistry<FileHandle>((file) => {
  file.close().catch(() => {});
});

/** Closes a file with {@link closeOwned}, or when its owner is collected without having done so. */
export function ownFile(owner: object, file: FileHandle): FileHandle {
  forgotten.register(owner, file, file);
  return file;
}

/** Closes a file of {@link ownFile}. */
export async function closeOwned(file: FileHandle): Promise<void> {
  forgotten.unregister(file);
  await file.close();
}
