import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { CorpusFile, CorpusFiles } from './corpora/index.js';
import type { Split } from './manifest.js';

/** A recording and its size in bytes; -1 where that cannot be told. */
export interface SourceFile extends CorpusFile {
  readonly bytes: number;
}

/** Recordings that are prepared together, by one worker, into one shard. */
export interface WorkUnit {
  /** File of the shard. */
  readonly shard: string;
  readonly split: Split;
  readonly files: readonly SourceFile[];
}

/** What a unit takes at most (but one recording always): a worker holds its segments in memory. */
const MOST_FILES = 64;
const MOST_BYTES = 16 * 2 ** 20;

/** Files asked for their sizes at a time. */
const TOGETHER = 64;

/**
 * Divides a corpus into units. They depend on names and sizes only, not on workers or interruptions: so do the shards.
 */
export async function planWork(
  files: CorpusFiles,
): Promise<{ units: WorkUnit[]; digest: string; files: number }> {
  const train = await withSizes(files.train);
  const validation = await withSizes(files.validation);
  const hash = createHash('sha256');
  for (const [split, part] of Object.entries({ train, validation })) {
    for (const { name, group, bytes } of part) {
      hash.update(JSON.stringify([split, name, group, bytes]));
    }
  }
  return {
    units: [...unitsOf('train', train), ...unitsOf('validation', validation)],
    digest: hash.digest('hex'),
    files: train.length + validation.length,
  };
}

async function withSizes(files: readonly CorpusFile[]): Promise<SourceFile[]> {
  const sized: SourceFile[] = [];
  for (let i = 0; i < files.length; i += TOGETHER) {
    const part = files.slice(i, i + TOGETHER).map(async (file) => {
      // What is wrong with it is said when it is read.
      const bytes = await stat(file.path).then(
        ({ size }) => size,
        () => -1,
      );
      return { ...file, bytes };
    });
    sized.push(...(await Promise.all(part)));
  }
  return sized;
}

function unitsOf(split: Split, files: readonly SourceFile[]): WorkUnit[] {
  const groups: SourceFile[][] = [];
  let bytes = 0;
  for (const file of files) {
    const last = groups.at(-1);
    if (last === undefined || last.length === MOST_FILES || bytes + file.bytes > MOST_BYTES) {
      groups.push([file]);
      bytes = file.bytes;
    } else {
      last.push(file);
      bytes += file.bytes;
    }
  }
  return groups.map((group, index) => ({
    shard: `${split}-${String(index).padStart(5, '0')}.f32`,
    split,
    files: group,
  }));
}
