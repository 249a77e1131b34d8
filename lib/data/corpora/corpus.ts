import type { CorpusFolder } from './corpus-folder.js';
import type { LeftOut } from './left-out.js';

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
