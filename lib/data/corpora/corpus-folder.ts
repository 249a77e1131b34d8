import { readdir, realpath, stat } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import { FewSoundError, invalidArgument } from '../../errors.js';

/** Names that `readAudio` is likely to read. */
const AUDIO = /\.(wav|flac|mp3|ogg|oga|opus|au)$/i;

/** An entry of a folder; links are what they lead to. */
interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/** A folder on the path of a walk, as named and without links. */
interface Visited {
  readonly folder: string;
  readonly real: string;
}

/**
 * The folder of a corpus: lists its contents sorted, says what was expected where something is
 * missing, and records what it left out. Links are followed, each folder once.
 */
export class CorpusFolder {
  private constructor(
    /** Absolute. */
    readonly path: string,
    private readonly title: string,
    /** Where this folder lies in the one that was opened, and the entries left out of that one. */
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
        `${absolute}: no such folder; expected the one that ${title} was unpacked into.`,
        { cause, field: 'folder' },
      );
    });
    if (!found.isDirectory()) {
      throw invalidArgument(
        'folder',
        `${absolute} is a file; expected the folder that ${title} was unpacked into.`,
      );
    }
    return new CorpusFolder(absolute, title, { above: '.', omitted: new Map() });
  }

  /** Everything listed that is not a recording, sorted by name. */
  get leftOut(): LeftOut[] {
    return [...this.within.omitted.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Records that an entry is not a recording. */
  leaveOut(name: string, reason: LeftOutReason): void {
    const path = posix.join(this.within.above, name);
    this.within.omitted.set(path, { name: path, reason });
  }

  /** The folder that the corpus's archive unpacks to, where it lies in this one; else this one. */
  async unwrapped(wrapper: string): Promise<CorpusFolder> {
    if (!(await this.hasFolder(wrapper))) return this;
    const above = posix.join(this.within.above, wrapper);
    return new CorpusFolder(join(this.path, wrapper), this.title, { ...this.within, above });
  }

  async folders(below = '.'): Promise<string[]> {
    const entries = await this.entries(below);
    return entries.filter(({ isFolder }) => isFolder).map(({ name }) => name);
  }

  /** Names of the audio files in this folder itself. */
  async ownAudioFiles(): Promise<string[]> {
    const files = (await this.entries('.')).filter(({ isFolder }) => !isFolder);
    return files.flatMap(({ name }) => (this.isAudio(name) ? [name] : []));
  }

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

  /**
   * The audio files in a folder and in those below it, as `audioFiles`.
   *
   * @param example how one of them is called
   * @throws FewSoundError FILE_NOT_FOUND where there are fewer than `least`
   */
  async recordings(below: string, example: string, least: 1 | 2 = 1): Promise<string[]> {
    const names = await this.audioFiles(below);
    this.requireRecordings(names, below, example, least);
    return names;
  }

  /**
   * @throws FewSoundError FILE_NOT_FOUND where `names`, found in `below`, are fewer than `least`
   */
  requireRecordings(names: readonly string[], below: string, example: string, least = 1): void {
    if (names.length >= least) return;
    const folder = below === '.' ? 'it' : below;
    throw this.incomplete(
      least === 1
        ? `${folder} contains no recording such as ${example}.`
        : `${folder} contains ${names.length} recording(s) such as ${example}; two or more are needed, one of them for validation.`,
    );
  }

  file(name: string, group: string): CorpusFile {
    return { path: join(this.path, name), name, group };
  }

  /** The error for something missing from the corpus. */
  incomplete(problem: string): FewSoundError {
    return new FewSoundError(
      'FILE_NOT_FOUND',
      `${this.path}: ${problem} Check that ${this.title} was unpacked into this folder, and completely.`,
      { field: 'folder' },
    );
  }

  private isAudio(name: string): boolean {
    const is = AUDIO.test(name);
    if (!is) this.leaveOut(name, 'not-audio');
    return is;
  }

  /** The entries of a folder, without hidden ones and broken links. */
  private async entries(below: string): Promise<Entry[]> {
    const folder = join(this.path, below);
    const entries = await readdir(folder, { withFileTypes: true }).catch(
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(folder, cause);
        throw this.incomplete(`it has no folder ${below}.`);
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

  /** What a link leads to; `undefined` for a broken one. */
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
      throw this.incomplete(`it has no folder ${below}.`);
    });
  }

  private loop(link: string): FewSoundError {
    return invalidArgument(
      'folder',
      `${join(this.path, link)} is a link to itself or to a folder that contains it; remove it.`,
    );
  }
}

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
  /** What the corpus sorts its recordings by: speaker, genre, class, word or folder. */
  readonly group: string;
}

/** The two parts of a corpus, each sorted by name. */
export interface CorpusParts {
  readonly train: readonly CorpusFile[];
  readonly validation: readonly CorpusFile[];
}

/** The recordings of a corpus, and the entries left out, sorted by name. */
export interface CorpusFiles extends CorpusParts {
  readonly leftOut: readonly LeftOut[];
}

/** The layout of a corpus on disk, as its archive unpacks, and how it is split. */
export interface CorpusLayout {
  /** What people call it. */
  readonly title: string;
  /** Default fraction for validation, in (0, 1); absent where the corpus has a split of its own. */
  readonly validationFraction?: number;
  /**
   * Lists it; the folder records what is left out. Only layouts with a default use the fraction, of
   * which 0 leaves none for validation.
   */
  list(folder: CorpusFolder, validationFraction: number): Promise<CorpusParts>;
}

/** Why an entry is not a recording, in words that follow its name or the number of entries. */
export const leftOutReasons = {
  'broken-link': 'a broken link',
  'not-audio': 'not an audio file by its name (wav, flac, mp3, ogg, oga, opus, au)',
  'other-name': 'a name that the corpus does not use',
  'not-listed': 'not listed in the protocol',
  'no-class': 'an audio file outside the class folders',
  'same-folder': 'a folder already read under another name',
} as const;

export type LeftOutReason = keyof typeof leftOutReasons;

/** An entry of a folder that is not a recording. Hidden ones are not listed. */
export interface LeftOut {
  /** Path below the folder, with `/` between. */
  readonly name: string;
  readonly reason: LeftOutReason;
}
