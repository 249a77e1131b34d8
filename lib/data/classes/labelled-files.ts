import type { LeftOut } from '../corpora/left-out.js';

/** A recording and the class that it is of. */
export interface LabelledFile {
  /** Absolute path. */
  readonly path: string;
  /** Path below its folder, with `/` between: the same wherever the folder lies. */
  readonly name: string;
  /** Number of its class, from 0. */
  readonly label: number;
}

/** Recordings of several classes. */
export interface LabelledFiles {
  /** Names of the classes, by their numbers. */
  readonly labels: readonly string[];
  /** Sorted by name. */
  readonly files: readonly LabelledFile[];
}

/** Recordings of several classes, and what lies between them and is none, sorted by name. */
export interface ListedClasses extends LabelledFiles {
  readonly leftOut: readonly LeftOut[];
}
