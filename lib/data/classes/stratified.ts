import { invalidArgument } from '../../errors.js';
import { Draws } from '../draws.js';
import type { LabeledFiles } from './labeled-files.js';

/** Indices of the recordings of each part. */
export interface ClassSplit {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/**
 * Splits recordings into training, validation and test, each class alike, at random but the same
 * for the same seed.
 *
 * @param labels the class of each recording, numbers from 0
 * @param names of the classes
 * @param fractions of a class that are for validation and for test; each part gets at least one of
 *   every class
 * @returns indices of recordings, ascending
 * @throws FewSoundError INVALID_ARGUMENT for a class of fewer than three recordings
 */
export function stratifiedSplit(
  labels: readonly number[],
  names: readonly string[],
  fractions: { readonly validation: number; readonly test: number },
  seed: number,
): ClassSplit {
  const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  for (const members of shuffledClasses(labels, names, 3, seed)) {
    const most = members.length - 2;
    const test = part(members.length, fractions.test, most);
    const validation = part(members.length, fractions.validation, most + 1 - test);
    parts.test.push(...members.slice(0, test));
    parts.validation.push(...members.slice(test, test + validation));
    parts.train.push(...members.slice(test + validation));
  }
  for (const numbers of Object.values(parts)) numbers.sort((a, b) => a - b);
  return parts;
}

/**
 * Splits recordings into the folds of a cross-validation, each class alike, at random but the same
 * for the same seed.
 *
 * @param labels the class of each recording, numbers from 0
 * @param names of the classes
 * @returns the fold of each recording, from 0
 * @throws FewSoundError INVALID_ARGUMENT for a class with fewer recordings than folds
 */
export function stratifiedFolds(
  labels: readonly number[],
  names: readonly string[],
  folds: number,
  seed: number,
): number[] {
  const fold = new Array<number>(labels.length).fill(0);
  let next = 0;
  for (const members of shuffledClasses(labels, names, folds, seed)) {
    // Each class continues where the last ended, so that folds differ by one recording at most.
    for (const member of members) fold[member] = next++ % folds;
  }
  return fold;
}

/** The recordings of each class in random order. */
function shuffledClasses(
  labels: readonly number[],
  names: readonly string[],
  least: number,
  seed: number,
): number[][] {
  const classes = names.map((): number[] => []);
  for (const [number, label] of labels.entries()) classes[label]?.push(number);
  return classes.map((members, label) => {
    if (members.length < least) {
      throw invalidArgument(
        'folder',
        `class ${names[label]} has ${members.length} recording(s); expected at least ${least}. Add some, or leave the class out.`,
      );
    }
    const order = new Draws(seed, 'split', 0, label).permutation(members.length);
    return [...order].map((index) => members[index] as number);
  });
}

const part = (members: number, fraction: number, most: number) =>
  Math.min(most, Math.max(1, Math.round(members * fraction)));

/**
 * Takes at most `limit` recordings of each class, at random but the same for the same seed.
 *
 * @param limit undefined: all
 */
export function takeOfEachClass(
  { labels, files }: LabeledFiles,
  { limit, seed }: { readonly limit?: number | undefined; readonly seed: number },
): LabeledFiles {
  if (limit === undefined) return { labels, files };
  const classes = files.map(({ label }) => label);
  const chosen = new Set(
    shuffledClasses(classes, labels, 0, seed).flatMap((members) => members.slice(0, limit)),
  );
  return { labels, files: files.filter((_, index) => chosen.has(index)) };
}
