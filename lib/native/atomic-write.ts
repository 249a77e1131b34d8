import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { types } from 'node:util';
import { FewSoundError } from './errors.js';

/**
 * Writes a file that appears whole or not at all: a temporary file in the same folder, fsync, rename.
 *
 * @throws FewSoundError IO when it cannot be written; nothing is left behind then
 */
export async function writeFileAtomic(
  path: string,
  chunks: string | Uint8Array | Iterable<string | Uint8Array>,
): Promise<void> {
  const name = `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`;
  const temporary = join(dirname(path), name);
  const parts = typeof chunks === 'string' || types.isUint8Array(chunks) ? [chunks] : chunks;
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // Where the folder is none, there is nothing to remove, and the error to tell is the first.
    await rm(temporary, { force: true }).catch(() => {});
    throw new FewSoundError(
      'IO',
      `${path}: the file cannot be written (${(error as Error).message}).`,
      { cause: error },
    );
  }
}
