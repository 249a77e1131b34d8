import { randomBytes } from 'node:crypto';
import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { types } from 'node:util';
import { FewSoundError } from './errors.js';

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

/**
 * Fails early where a file could not be written.
 *
 * @param field how errors call the path
 * @throws FewSoundError IO, INVALID_ARGUMENT
 */
export async function requireWritable(path: string, field: string): Promise<void> {
  const folder = dirname(resolve(path));
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    const text = `${field}: ${folder} is no folder that can be written to. Make it first.`;
    throw new FewSoundError('IO', text, { field, cause });
  }
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new FewSoundError('INVALID_ARGUMENT', `${field}: ${path} is a folder.`, { field });
  }
}

/**
 * A file that grows by whole pieces, in the order in which they were given. A process that is
 * killed leaves at most its last piece torn; a write that fails, as on a full disk, leaves none.
 */
export class AppendFile {
  #size: number;
  #last: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  /** Why nothing more may be appended: the end of the file is torn, or the file is closed. */
  #refusal: string | undefined;

  private constructor(
    /** As it was given. */
    readonly path: string,
    private readonly handle: FileHandle,
    size: number,
  ) {
    this.#size = size;
    ownFile(this, handle);
  }

  /**
   * Opens a file to append to it.
   *
   * @param mode 'new' fails where there is a file already; 'existing' goes on at its end, and makes
   *   it where there is none
   * @throws FewSoundError IO
   */
  static async open(path: string, mode: 'new' | 'existing'): Promise<AppendFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, mode === 'new' ? 'ax' : 'a');
      const { size } = await handle.stat();
      return new AppendFile(path, handle, size);
    } catch (cause) {
      await handle?.close();
      const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      throw new FewSoundError(
        'IO',
        exists
          ? `${path} exists already; give another path, or remove it.`
          : `${path}: the file cannot be opened to write to it (${(cause as Error).message}).`,
        { cause },
      );
    }
  }

  /**
   * Appends a piece after those given before, waited for or not.
   *
   * @throws FewSoundError IO where it cannot be written; the file then ends as it did before, and
   *   the piece may be given again once there is room
   */
  append(piece: string | Uint8Array): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    return this.#enqueue(() => this.#write(bytes));
  }

  /**
   * Waits until everything appended so far is on the disk, where a loss of power leaves it too.
   *
   * @throws FewSoundError IO
   */
  flush(): Promise<void> {
    return this.#enqueue(() => this.handle.datasync());
  }

  /**
   * Waits for what was appended and closes the file, whatever failed before. Closing twice does
   * nothing.
   *
   * @throws FewSoundError IO
   */
  close(): Promise<void> {
    this.#closed ??= this.#inTurn(() => {
      this.#refusal = 'it is closed';
      return closeOwned(this.handle);
    });
    return this.#closed;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#refusal !== undefined) throw new Error(this.#refusal);
      await work();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work).catch((cause: Error) => {
      throw this.#failure(cause.message, cause);
    });
    // One piece that fails must not fail those after it.
    this.#last = done.catch(() => {});
    return done;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      for (let from = 0; from < bytes.length; ) {
        from += (await this.handle.write(bytes, from)).bytesWritten;
      }
      this.#size += bytes.length;
    } catch (error) {
      // What would follow a torn piece could not be read.
      await this.handle.truncate(this.#size).catch(() => {
        this.#refusal = 'an earlier write failed halfway';
      });
      throw error;
    }
  }

  #failure(reason: string, cause?: unknown): FewSoundError {
    const full = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException)?.code ?? '');
    return new FewSoundError(
      'IO',
      `${this.path} cannot be appended to: ${reason}.${full ? ' Make room on the disk and go on.' : ''}`,
      { cause },
    );
  }
}

/**
 * Writes a file that appears whole or not at all: a temporary file in the same folder, fsync,
 * rename.
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

/**
 * Makes a folder, and those above it, where it is missing.
 *
 * @param field the option that names the folder
 * @param hint what to do where it cannot be made, a sentence
 * @returns the uppermost folder that was made, if any
 * @throws FewSoundError IO
 */
export function makeFolder(
  path: string,
  { field, hint = '' }: { field?: string; hint?: string } = {},
): Promise<string | undefined> {
  return mkdir(path, { recursive: true }).catch((cause: Error) => {
    const message = `the folder ${path} cannot be made (${cause.message}). ${hint}`.trimEnd();
    throw new FewSoundError('IO', message, { ...(field !== undefined && { field }), cause });
  });
}

/**
 * Reads a JSON file.
 *
 * @param hints what to do, a sentence: where the file is missing, where it is not JSON
 * @throws FewSoundError FILE_NOT_FOUND; IO; FILE_FORMAT naming the line that is not JSON
 */
export async function readJson(
  path: string,
  hints: { missing?: string; damaged?: string } = {},
): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(path, cause);
    const message = `${path}: there is no such file. ${hints.missing ?? ''}`.trimEnd();
    throw new FewSoundError('FILE_NOT_FOUND', message, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const what = `${path}, line ${wrongLine(text)}, is not JSON: ${problem(cause as Error)}.`;
    const message = `${what} ${hints.damaged ?? ''}`.trimEnd();
    throw new FewSoundError('FILE_FORMAT', message, { cause });
  }
}

const unreadable = (path: string, cause: Error): FewSoundError =>
  new FewSoundError('IO', `${path}: the file cannot be read (${cause.message}).`, { cause });

/** What is wrong, without the piece of the file that some messages quote. */
const problem = ({ message }: Error): string =>
  message.replace(/, (\.{3})?"[\s\S]* is not valid JSON$/, '').replace(/\n/g, '\\n');

/** The first line, from 1, with whose end the text can no longer be the beginning of JSON. */
function wrongLine(text: string): number {
  const lines = text.split('\n');
  for (let count = 1; count < lines.length; count++) {
    const beginning = `${lines.slice(0, count).join('\n')}\n`;
    const position = problemPosition(beginning);
    if (position !== null) return lineOf(text, Math.min(position, beginning.length - 1));
  }
  // To its end it could go on: what is wrong is that it ends.
  return lineOf(text, problemPosition(text) ?? text.trimEnd().length);
}

/**
 * Where a text cannot go on to be JSON; null where it can. Not every message says where: then at
 * its end.
 */
function problemPosition(text: string): number | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    if (position === undefined) return /^Unexpected end/.test(message) ? null : text.length;
    return Number(position) >= text.length ? null : Number(position);
  }
}

const lineOf = (text: string, position: number): number =>
  text.slice(0, position).split('\n').length;

// Reading pieces of files that may be anything.
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
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new FewSoundError('FILE_NOT_FOUND', `${path}: there is no such file.`, {
        cause: error,
      });
    }
    throw unreadable(path, error as Error);
  } finally {
    await file?.close();
  }
}

/** Bytes that are read at once: Node 20 ends the process where they are 2 GiB or more. */
const LARGEST_READ = 2 ** 30;

/**
 * Bytes of a file, exactly as many as asked for, which the caller has compared with the file's
 * size.
 */
export async function readExactly(
  file: FileHandle,
  position: number,
  length: number,
  fault: Fault,
): Promise<Buffer<ArrayBuffer>> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const piece = Math.min(length - done, LARGEST_READ);
    const { bytesRead } = await file.read(buffer, done, piece, position + done);
    if (bytesRead === 0) throw fault('it ends before its data do');
    done += bytesRead;
  }
  return buffer;
}
