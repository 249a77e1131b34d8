import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files.js';
import type { CorpusFile, CorpusFiles } from './corpora/index.js';
import { cutRecording, type SourceFile } from './cut-recording.js';
import type {
  BadFileEntry,
  PreparationSettings,
  PreparedFile,
  ShardRecord,
  Split,
} from './manifest.js';

export interface FileDone {
  readonly bytes: number;
  readonly segments: number;
  readonly isBad: boolean;
}

/** The folder of the units' records until the manifest has them. */
export const RECORDS = 'records';

export function recordPath(out: string, shard: string): string {
  return join(out, RECORDS, shard.replace(/\.f32$/, '.json'));
}

/**
 * Prepares the recordings of one unit: writes its shard, then its record, each whole or not at all.
 *
 * @param out the folder of the preparation
 * @param onFile called for every recording; if it throws, nothing is written
 * @throws FewSoundError IO, INTERNAL
 */
export async function prepareUnit(
  unit: WorkUnit,
  settings: PreparationSettings,
  out: string,
  onFile: (file: FileDone) => void,
): Promise<ShardRecord> {
  const chunks: Uint8Array[] = [];
  const files: PreparedFile[] = [];
  const bad: BadFileEntry[] = [];
  for (const file of unit.files) {
    const cut = await cutRecording(file, settings);
    if ('bad' in cut) {
      bad.push(cut.bad);
    } else {
      files.push(cut.entry);
      // Little-endian, like every platform that fewsound is built for.
      for (const { buffer, byteOffset, byteLength } of cut.segments) {
        chunks.push(new Uint8Array(buffer, byteOffset, byteLength));
      }
    }
    onFile({
      bytes: Math.max(0, file.bytes),
      segments: 'bad' in cut ? 0 : cut.segments.length,
      isBad: 'bad' in cut,
    });
  }
  const record: ShardRecord = {
    file: unit.shard,
    split: unit.split,
    segments: chunks.length,
    sha256: '',
    files,
    bad,
  };
  if (chunks.length > 0) {
    const hash = createHash('sha256');
    for (const chunk of chunks) hash.update(chunk);
    record.sha256 = hash.digest('hex');
    await writeFileAtomic(join(out, unit.shard), chunks);
  }
  await writeFileAtomic(recordPath(out, unit.shard), JSON.stringify(record));
  return record;
}

/** Recordings that one worker prepares together, into one shard. */
export interface WorkUnit {
  readonly shard: string;
  readonly split: Split;
  readonly files: readonly SourceFile[];
}

/** The most that a unit takes, but at least one recording: a worker holds it in memory. */
const MOST_FILES = 64;
const MOST_BYTES = 16 * 2 ** 20;

/** Files whose sizes are looked up at a time. */
const TOGETHER = 64;

/** Divides a corpus into units, and so into shards, by names and sizes only. */
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
      // Reading it will say what is wrong.
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
