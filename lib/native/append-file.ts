import { type FileHandle, open } from 'node:fs/promises';
import { FewSoundError } from './errors.js';
import { closeOwned, ownFile } from './owned-file.js';

/**
 * A file that grows by whole pieces, in the order in which they were given. A process that is killed
 * leaves at most its last piece torn; a write that fails, as on a full disk, leaves none.
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
   * @param mode 'new' fails where there is a file already; 'existing' goes on at its end, and makes it
   *   where there is none
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
   * @throws FewSoundError IO where it cannot be written; the file then ends as it did before, and the
   *   piece may be given again once there is room
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
