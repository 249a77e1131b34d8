import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FewSoundError } from '../../native/errors.js';
import type { CorpusFile } from './corpus.js';

/** Names that `readAudio` is likely to read. */
const AUDIO = /\.(wav|flac|mp3|ogg|oga|opus|au)$/i;

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** The folder of a corpus: lists what is in it, sorted, and says what was looked for where it is not. */
export class CorpusFolder {
  private constructor(
    /** Absolute. */
    readonly path: string,
    private readonly title: string,
  ) {}

  /**
   * @param title what errors call the corpus
   * @throws FewSoundError FILE_NOT_FOUND, INVALID_ARGUMENT for a file in its place, IO
   */
  static async open(path: string, title: string): Promise<CorpusFolder> {
    const absolute = resolve(path);
    const found = await stat(absolute).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(absolute, cause);
      throw new FewSoundError(
        'FILE_NOT_FOUND',
        `${absolute}: there is no such folder; ${title} was looked for in it.`,
        { cause, field: 'folder' },
      );
    });
    if (!found.isDirectory()) {
      throw new FewSoundError(
        'INVALID_ARGUMENT',
        `${absolute} is a file; expected the folder that ${title} was unpacked into.`,
        { field: 'folder' },
      );
    }
    return new CorpusFolder(absolute, title);
  }

  /** The folder that the corpus's archive makes, where it lies in this one; this one where it does not. */
  async unwrapped(wrapper: string): Promise<CorpusFolder> {
    const isThere = (await this.entries('.')).some(
      ({ name, isFolder }) => isFolder && name === wrapper,
    );
    return isThere ? new CorpusFolder(join(this.path, wrapper), this.title) : this;
  }

  /** Names of the folders in this one. */
  async folders(below = '.'): Promise<string[]> {
    const entries = await this.entries(below);
    return entries.filter(({ isFolder }) => isFolder).map(({ name }) => name);
  }

  /** Whether a folder is there. */
  async hasFolder(below: string): Promise<boolean> {
    return stat(join(this.path, below)).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  /** The audio files in a folder and in those below it: paths below this folder, with `/` between. */
  async audioFiles(below: string): Promise<string[]> {
    const found: string[] = [];
    const visit = async (folder: string): Promise<void> => {
      for (const { name, isFolder } of await this.entries(folder)) {
        const path = folder === '.' ? name : `${folder}/${name}`;
        if (isFolder) await visit(path);
        else if (AUDIO.test(name)) found.push(path);
      }
    };
    await visit(below);
    return found.sort();
  }

  /** A file of this corpus. */
  file(name: string, group: string): CorpusFile {
    return { path: join(this.path, name), name, group };
  }

  /** The error for what a corpus should have and this folder has not. */
  incomplete(problem: string): FewSoundError {
    return new FewSoundError(
      'FILE_NOT_FOUND',
      `${this.path}: ${problem} Is this the folder that ${this.title} was unpacked into, and was it unpacked whole?`,
      { field: 'folder' },
    );
  }

  /** What a folder holds but for hidden entries, sorted by name; links to files count as files, links to folders are not followed. */
  private async entries(below: string): Promise<Entry[]> {
    const folder = join(this.path, below);
    const entries = await readdir(folder, { withFileTypes: true }).catch(
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(folder, cause);
        throw this.incomplete(`there is no folder ${below} in it.`);
      },
    );
    const visible = entries.filter(({ name }) => !name.startsWith('.'));
    const judged = await Promise.all(
      visible.map(async (entry) => {
        if (entry.isDirectory()) return { name: entry.name, isFolder: true };
        if (!entry.isSymbolicLink()) return { name: entry.name, isFolder: false };
        // A link that leads nowhere is kept: it shows up as a file that cannot be read.
        const target = await stat(join(folder, entry.name)).catch(() => undefined);
        return target?.isDirectory() ? undefined : { name: entry.name, isFolder: false };
      }),
    );
    return judged
      .filter((entry): entry is Entry => entry !== undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function unreadable(path: string, cause: Error): FewSoundError {
  return new FewSoundError('IO', `${path}: the folder cannot be read (${cause.message}).`, {
    cause,
  });
}
