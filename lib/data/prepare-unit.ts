import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomic } from '../native/atomic-write.js';
import { cutRecording } from './cut-recording.js';
import type { BadFileEntry, PreparationSettings, PreparedFile, ShardRecord } from './manifest.js';
import type { WorkUnit } from './unit-plan.js';

/** A recording that is done. */
export interface FileDone {
  readonly bytes: number;
  readonly segments: number;
  readonly isBad: boolean;
}

/** Where a unit's record is kept until the manifest takes it up. */
export const RECORDS = 'records';

/** File of the record of a shard. */
export function recordPath(out: string, shard: string): string {
  return join(out, RECORDS, shard.replace(/\.f32$/, '.json'));
}

/**
 * Prepares the recordings of one unit: writes its shard, then the record that says so, each whole or not at all.
 *
 * @param out the folder of the preparation
 * @param onFile told of every recording; what it throws ends the unit before anything is written
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
      // Little-endian, as every platform is that fewsound is built for.
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
