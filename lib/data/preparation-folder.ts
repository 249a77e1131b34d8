import { existsSync } from 'node:fs';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FewSoundError, invalidArgument } from '../errors.js';
import { makeFolder, writeFileAtomic } from '../files.js';
import { LOCK_FILE, occupy } from '../folder-lock.js';
import {
  MANIFEST,
  type Manifest,
  type Preparation,
  preparationSchema,
  readChecked,
  readManifest,
  type ShardRecord,
  shardSchema,
} from './manifest.js';
import type { WorkUnit } from './prepare-unit.js';
import { RECORDS, recordPath } from './prepare-unit.js';

/** Says how the shards are made, from the start; the manifest comes last. */
const PREPARATION = 'preparation.json';

/** Files that writeFileAtomic leaves when the process is killed. */
const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** The folder that a corpus is prepared into, finished or not. */
export class PreparationFolder {
  private constructor(
    /** Absolute. */
    readonly path: string,
    private readonly preparation: Preparation,
    /** The first folder that had to be created for it. */
    private readonly created: string | undefined,
    /** Taken from other processes. */
    private readonly occupied: Disposable,
  ) {}

  /** Gives the folder back. */
  [Symbol.dispose](): void {
    this.occupied[Symbol.dispose]();
  }

  /**
   * Creates the folder, or finds one with the same preparation, and removes what an interruption
   * left.
   *
   * @throws FewSoundError INVALID_ARGUMENT where it holds something else or another preparation; IO,
   *   also where another process prepares it
   */
  static async open(path: string, preparation: Preparation): Promise<PreparationFolder> {
    const absolute = resolve(path);
    let occupied: Disposable | undefined;
    try {
      const created = await makeFolder(absolute);
      occupied = occupy(absolute);
      const names = await readdir(absolute);
      await removeTemporaries(absolute, names);
      const others = names.filter((name) => !TEMPORARY.test(name) && name !== LOCK_FILE);
      const known = [MANIFEST, PREPARATION].find((name) => others.includes(name));
      if (known !== undefined) await requireSame(join(absolute, known), preparation);
      else if (others.length > 0) throw notEmpty(absolute, others[0] as string);
      else await writeFileAtomic(join(absolute, PREPARATION), pretty(preparation));
      await makeFolder(join(absolute, RECORDS));
      const records = join(absolute, RECORDS);
      await removeTemporaries(records, await readdir(records));
      return new PreparationFolder(absolute, preparation, created, occupied);
    } catch (error) {
      occupied?.[Symbol.dispose]();
      throw ioError(absolute, error);
    }
  }

  /** The records of the finished units: their shards exist and have the right size. */
  async finished(units: readonly WorkUnit[]): Promise<Map<string, ShardRecord>> {
    const manifestPath = join(this.path, MANIFEST);
    const manifest = existsSync(manifestPath) ? await readManifest(manifestPath) : undefined;
    const listed = new Map(manifest?.shards.map((shard) => [shard.file, shard]));
    const finished = new Map<string, ShardRecord>();
    for (const { shard } of units) {
      const record = listed.get(shard) ?? (await this.record(shard));
      if (record !== undefined && (await this.isComplete(record))) finished.set(shard, record);
    }
    return finished;
  }

  /** Writes the manifest and removes what it replaces. */
  async finish(shards: readonly ShardRecord[]): Promise<Manifest> {
    const manifest: Manifest = { ...this.preparation, shards: [...shards] };
    await writeFileAtomic(join(this.path, MANIFEST), `${JSON.stringify(manifest)}\n`);
    await rm(join(this.path, PREPARATION), { force: true });
    await rm(join(this.path, RECORDS), { recursive: true, force: true });
    return manifest;
  }

  /** Removes files that an abandoned preparation left unfinished. */
  async removeUnfinished(): Promise<void> {
    for (const folder of [this.path, join(this.path, RECORDS)]) {
      // Where it cannot be read, what made the preparation fail is the error to report.
      await removeTemporaries(folder, await readdir(folder).catch(() => []));
    }
  }

  /** Removes everything of the preparation, and the folder where it was created for it. */
  async removeAll(units: readonly WorkUnit[]): Promise<void> {
    for (const name of [MANIFEST, PREPARATION, ...units.map(({ shard }) => shard)]) {
      await rm(join(this.path, name), { force: true });
    }
    await rm(join(this.path, RECORDS), { recursive: true, force: true });
    this[Symbol.dispose]();
    // Anything else in it stays.
    if (this.created !== undefined) await rmdir(this.path).catch(() => {});
  }

  private async record(shard: string): Promise<ShardRecord | undefined> {
    const path = recordPath(this.path, shard);
    return existsSync(path) ? readChecked(path, shardSchema) : undefined;
  }

  private async isComplete({ file, segments }: ShardRecord): Promise<boolean> {
    if (segments === 0) return true;
    const bytes = segments * this.preparation.settings.segmentSamples * 4;
    return stat(join(this.path, file)).then(
      ({ size }) => size === bytes,
      () => false,
    );
  }
}

const pretty = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

async function removeTemporaries(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names.filter((other) => TEMPORARY.test(other))) {
    await rm(join(folder, name), { force: true });
  }
}

/** @throws FewSoundError INVALID_ARGUMENT naming the first thing that differs */
async function requireSame(path: string, wanted: Preparation): Promise<void> {
  const stored = await readChecked(path, preparationSchema.loose());
  const folder = join(path, '..');
  for (const [name, value] of Object.entries(wanted.settings)) {
    const before = stored.settings[name as keyof Preparation['settings']];
    if (before === value) continue;
    throw invalidArgument(
      name,
      `${folder} was prepared with ${name} ${before}, not ${value}. Choose another folder or remove this one.`,
    );
  }
  if (stored.source.digest === wanted.source.digest) return;
  throw invalidArgument(
    'folder',
    `${folder} was prepared from other recordings (${stored.source.files} in ${stored.source.folder}, now ${wanted.source.files} in ${wanted.source.folder}): some were added, removed or changed in size. Choose another folder or remove this one.`,
  );
}

function notEmpty(folder: string, name: string): FewSoundError {
  return invalidArgument(
    'out',
    `${folder} is neither empty (it contains ${name}) nor a prepared corpus. Choose an empty or new folder.`,
  );
}

function ioError(folder: string, error: unknown): FewSoundError {
  if (error instanceof FewSoundError) return error;
  return new FewSoundError(
    'IO',
    `${folder}: the folder cannot be created or written (${(error as Error).message}).`,
    { cause: error },
  );
}
