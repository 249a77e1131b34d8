import type { CorpusFolder } from './corpus-folder.js';

/** One recording of a corpus, where it lies. */
export interface CorpusFile {
  /** Absolute path. */
  readonly path: string;
  /** Path below the corpus, with `/` between: the same wherever the corpus lies. */
  readonly name: string;
  /** Speaker, genre, class, word or folder: whatever the corpus sorts its recordings by. */
  readonly group: string;
}

/** The recordings of a corpus in its two parts, each sorted by name. */
export interface CorpusFiles {
  readonly train: readonly CorpusFile[];
  readonly validation: readonly CorpusFile[];
}

/** How one corpus lies on disk once its own archive is unpacked, and how it is divided. */
export interface CorpusLayout {
  /** What people call it. */
  readonly title: string;
  /** Default part of the recordings for validation, in (0, 1); absent where the corpus has a division of its own. */
  readonly validationFraction?: number;
  /** Lists it. `validationFraction` counts only where the layout has a default for it. */
  list(folder: CorpusFolder, validationFraction: number): Promise<CorpusFiles>;
}
