import { createHash } from 'node:crypto';
import type { CorpusFile, CorpusParts } from './corpus-folder.js';

/** How many of `count` files are for validation: the nearest to the fraction that leaves both parts one. */
function validationCount(count: number, fraction: number): number {
  return Math.min(count - 1, Math.max(1, Math.round(count * fraction)));
}

/** The last files by name are for validation. Takes two files or more. */
export function splitAtEnd(files: readonly CorpusFile[], fraction: number): CorpusParts {
  const sorted = sortByName(files);
  const boundary = sorted.length - validationCount(sorted.length, fraction);
  return { train: sorted.slice(0, boundary), validation: sorted.slice(boundary) };
}

/**
 * The files whose names have the smallest SHA-256 are for validation: as good as at random, the same on every machine,
 * and a file that is added later hardly moves the others. Takes two files or more.
 */
export function splitByHash(files: readonly CorpusFile[], fraction: number): CorpusParts {
  const digests = new Map(
    files.map((file) => [file, createHash('sha256').update(file.name).digest('hex')]),
  );
  const byDigest = [...files].sort((a, b) =>
    (digests.get(a) as string) < (digests.get(b) as string) ? -1 : 1,
  );
  const chosen = new Set(byDigest.slice(0, validationCount(files.length, fraction)));
  const sorted = sortByName(files);
  return {
    train: sorted.filter((file) => !chosen.has(file)),
    validation: sorted.filter((file) => chosen.has(file)),
  };
}

/** Sorted by the names' UTF-16 units, which for the names of corpora is the order of Python's `sorted`. */
export function sortByName(files: readonly CorpusFile[]): CorpusFile[] {
  return [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
