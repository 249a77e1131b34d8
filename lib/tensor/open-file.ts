// Reading pieces of files that may be anything.

import { type FileHandle, open } from 'node:fs/promises';
import { FewSoundError } from '../native/errors.js';

/** The error for a problem of a file; it names the file. */
export type Fault = (problem: string) => FewSoundError;

/**
 * Opens a file for `use`, and says what is wrong where that fails.
 *
 * @throws FewSoundError FILE_NOT_FOUND, IO
 */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await use(file);
  } catch (error) {
    if (error instanceof FewSoundError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new FewSoundError('FILE_NOT_FOUND', `${path}: there is no such file.`, {
        cause: error,
      });
    }
    throw new FewSoundError('IO', `${path}: the file cannot be read (${message}).`, {
      cause: error,
    });
  } finally {
    await file?.close();
  }
}

/** Bytes of a file, exactly as many as asked for, which the caller has compared with the file's size. */
export async function readExactly(
  file: FileHandle,
  position: number,
  length: number,
  fault: Fault,
): Promise<Buffer<ArrayBuffer>> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw fault('it ends before its data do');
    done += bytesRead;
  }
  return buffer;
}
