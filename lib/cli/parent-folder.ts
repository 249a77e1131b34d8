import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FewSoundError } from '../native/errors.js';

/**
 * Makes the folder that a file is to be written into, where it is missing.
 *
 * @throws FewSoundError IO
 */
export async function makeParentFolder(file: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new FewSoundError('IO', `cannot make the folder ${folder}: ${cause.message}`, { cause });
  });
}
