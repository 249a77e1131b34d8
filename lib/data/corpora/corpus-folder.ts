import { readdir, realpath, stat } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import { FewSoundError } from '../../errors.js';

/** Names that `readAudio` is likely to read. */
const AUDIO = /\.(wav|flac|mp3|ogg|oga|opus|au)$/i;

/** What a folder holds, sorted by name; links are what they lead to. */
interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/** A folder on the way of a walk: its path, and that without links. */
interface Visited {
  readonly folder: string;
  readonly real: string;
}

/**
 * The folder of a corpus: lists what is in it, sorted, says what was looked for where it is not,
 * and keeps what it left out. Links are followed, each folder once.
 */
export class CorpusFolder {
  private constructor(
    /** Absolute. */
    readonly path: string,
    private readonly title: string,
    /**
     * Where this folder lies in the one that was opened, and what was left out of that, by its
     * path.
     */
    private readonly within: { readonly above: string; readonly omitted: Map<string, LeftOut> },
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
    return new CorpusFolder(absolute, title, { above: '.', omitted: new Map() });
  }

  /** What was listed and is none of the recordings, sorted by name. */
  get leftOut(): LeftOut[] {
    return [...this.within.omitted.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Leaves something out that was listed. */
  leaveOut(name: string, reason: LeftOutReason): void {
    const path = posix.join(this.within.above, name);
    this.within.omitted.set(path, { name: path, reason });
  }

  /** The folder that the corpus's archive makes, where it lies in this one; this one where it does not. */
  async unwrapped(wrapper: string): Promise<CorpusFolder> {
    if (!(await this.hasFolder(wrapper))) return this;
    const above = posix.join(this.within.above, wrapper);
    return new CorpusFolder(join(this.path, wrapper), this.title, { ...this.within, above });
  }

  /** Names of the folders in this one. */
  async folders(below = '.'): Promise<string[]> {
    const entries = await this.entries(below);
    return entries.filter(({ isFolder }) => isFolder).map(({ name }) => name);
  }

  /** Names of the audio files in this folder, not of those below it. */
  async ownAudioFiles(): Promise<string[]> {
    const files = (await this.entries('.')).filter(({ isFolder }) => !isFolder);
    return files.flatMap(({ name }) => (this.isAudio(name) ? [name] : []));
  }

  /** Whether a folder is there. */
  async hasFolder(below: string): Promise<boolean> {
    return stat(join(this.path, below)).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  /**
   * The audio files in a folder and in those below it: paths below this folder, with `/` between. A
   * folder that two links lead to is read once.
   *
   * @throws FewSoundError INVALID_ARGUMENT for a link that leads back to a folder that it lies in
   */
  async audioFiles(below: string): Promise<string[]> {
    const found: string[] = [];
    const seen = new Set<string>();
    const visit = async (at: Visited, above: readonly Visited[]): Promise<void> => {
      seen.add(at.real);
      const way = [...above, at];
      for (const { name, isFolder, isLink } of await this.entries(at.folder)) {
        const path = at.folder === '.' ? name : `${at.folder}/${name}`;
        if (!isFolder) {
          if (this.isAudio(path)) found.push(path);
          continue;
        }
        const real = isLink ? await this.realPath(path) : join(at.real, name);
        const leadsBack = way.some((each) => each.real === real || isWithin(each.real, real));
        if (isLink && leadsBack) throw this.loop(path);
        if (seen.has(real)) this.leaveOut(path, 'same-folder');
        else await visit({ folder: path, real }, way);
      }
    };
    await visit({ folder: below, real: await this.realPath(below) }, []);
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

  private isAudio(name: string): boolean {
    const is = AUDIO.test(name);
    if (!is) this.leaveOut(name, 'not-audio');
    return is;
  }

  /** What a folder holds but for hidden entries and links that lead nowhere. */
  private async entries(below: string): Promise<Entry[]> {
    const folder = join(this.path, below);
    const entries = await readdir(folder, { withFileTypes: true }).catch(
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(folder, cause);
        throw this.incomplete(`there is no folder ${below} in it.`);
      },
    );
    const judged = await Promise.all(
      entries
        .filter(({ name }) => !name.startsWith('.'))
        .map(async (entry): Promise<Entry | undefined> => {
          const { name } = entry;
          const path = below === '.' ? name : `${below}/${name}`;
          const isLink = entry.isSymbolicLink();
          const target = isLink ? await this.linked(path) : entry;
          if (target === undefined) this.leaveOut(path, 'broken-link');
          else if (target.isDirectory() || target.isFile()) {
            return { name, isFolder: target.isDirectory(), isLink };
          } else this.leaveOut(path, 'not-audio');
          return undefined;
        }),
    );
    return judged
      .filter((entry): entry is Entry => entry !== undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What a link leads to; `undefined` for nothing. */
  private async linked(path: string) {
    return stat(join(this.path, path)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
      if (cause.code === 'ELOOP') throw this.loop(path);
      throw unreadable(join(this.path, path), cause);
    });
  }

  private async realPath(below: string): Promise<string> {
    const path = join(this.path, below);
    return realpath(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(path, cause);
      throw this.incomplete(`there is no folder ${below} in it.`);
    });
  }

  private loop(link: string): FewSoundError {
    return new FewSoundError(
      'INVALID_ARGUMENT',
      `${join(this.path, link)} is a link that leads back to a folder that it lies in, or to itself; remove it.`,
      { field: 'folder' },
    );
  }
}

/** Whether a folder lies below another. */
function isWithin(folder: string, other: string): boolean {
  return folder.startsWith(other.endsWith(sep) ? other : other + sep);
}

function unreadable(path: string, cause: Error): FewSoundError {
  return new FewSoundError('IO', `${path}: the folder cannot be read (${cause.message}).`, {
    cause,
  });
}

/** One recording of a corpus, where it lies. */
export interface CorpusFile {
  /** Absolute path. */
  readonly path: string;
  /** Path below the corpus, with `/` between: the same wherever the corpus lies. */
  readonly name: string;
  /** Speaker, genre, class, word or folder: whatever the corpus sorts its recordings by. */
  readonly group: string;
}

/** The two parts of a corpus, each sorted by name. */
export interface CorpusParts {
  readonly train: readonly CorpusFile[];
  readonly validation: readonly CorpusFile[];
}

/** The recordings of a corpus, and what lies between them and is none, sorted by name. */
export interface CorpusFiles extends CorpusParts {
  readonly leftOut: readonly LeftOut[];
}

/** How one corpus lies on disk once its own archive is unpacked, and how it is divided. */
export interface CorpusLayout {
  /** What people call it. */
  readonly title: string;
  /** Default part of the recordings for validation, in (0, 1); absent where the corpus has a division of its own. */
  readonly validationFraction?: number;
  /**
   * Lists it. `validationFraction` counts only where the layout has a default for it; the folder
   * keeps what is left out.
   */
  list(folder: CorpusFolder, validationFraction: number): Promise<CorpusParts>;
}

/**
 * What an entry of a folder lacks to be one of the recordings, in words that follow its name or
 * their number.
 */
export const leftOutReasons = {
  'broken-link': 'a link that leads nowhere',
  'not-audio': 'no audio file by its name (wav, flac, mp3, ogg, oga, opus, au)',
  'other-name': 'a name that the corpus does not have',
  'not-listed': 'not named by the protocol',
  'no-class': 'an audio file outside the folders of the classes',
  'same-folder': 'a folder that was read already, under another name',
} as const;

export type LeftOutReason = keyof typeof leftOutReasons;

/**
 * An entry of a folder that is not among its recordings. Hidden ones, whose names begin with a dot,
 * are not listed.
 */
export interface LeftOut {
  /** Path below the folder, with `/` between. */
  readonly name: string;
  readonly reason: LeftOutReason;
}
