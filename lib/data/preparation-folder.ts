import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FewSoundError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import {
  MANIFEST,
  type Manifest,
  type Preparation,
  preparationSchema,
  readJson,
  readManifest,
  type ShardRecord,
  shardSchema,
} from './manifest.js';
import type { WorkUnit } from './prepare-unit.js';
import { RECORDS, recordPath } from './prepare-unit.js';

/** What the shards are made with, from the first moment on; the manifest comes last. */
const PREPARATION = 'preparation.json';

/** Files that writeFileAtomic leaves behind when the process is killed. */
const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** The folder that a corpus is prepared into, finished or not. */
export class PreparationFolder {
  private constructor(
    /** Absolute. */
    readonly path: string,
    private readonly preparation: Preparation,
    /** The first folder that had to be made for it. */
    private readonly created: string | undefined,
  ) {}

  /**
   * Makes the folder, or finds one with the same preparation, and removes what an interruption left.
   *
   * @throws FewSoundError INVALID_ARGUMENT where something else lies there, or another preparation; IO
   */
  static async open(path: string, preparation: Preparation): Promise<PreparationFolder> {
    const absolute = resolve(path);
    try {
      const created = await mkdir(absolute, { recursive: true });
      const names = await readdir(absolute);
      await removeTemporaries(absolute, names);
      const others = names.filter((name) => !TEMPORARY.test(name));
      const known = [MANIFEST, PREPARATION].find((name) => others.includes(name));
      if (known !== undefined) await requireSame(join(absolute, known), preparation);
      else if (others.length > 0) throw foreign(absolute, others[0] as string);
      else await writeFileAtomic(join(absolute, PREPARATION), pretty(preparation));
      await mkdir(join(absolute, RECORDS), { recursive: true });
      const records = join(absolute, RECORDS);
      await removeTemporaries(records, await readdir(records));
      return new PreparationFolder(absolute, preparation, created);
    } catch (error) {
      throw ioError(absolute, error);
    }
  }

  /** The records of the units that are done: their shards are there and have the right size. */
  async finished(units: readonly WorkUnit[]): Promise<Map<string, ShardRecord>> {
    const manifestPath = join(this.path, MANIFEST);
    const manifest = existsSync(manifestPath) ? await readManifest(manifestPath) : undefined;
    const listed = new Map(manifest?.shards.map((shard) => [shard.file, shard]));
    const finished = new Map<string, ShardRecord>();
    for (const { shard } of units) {
      const record = listed.get(shard) ?? (await this.record(shard));
      if (record !== undefined && (await this.holds(record))) finished.set(shard, record);
    }
    return finished;
  }

  /** Writes the manifest and removes what it makes needless. */
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

  /** Removes everything of the preparation, and the folder where it was made for it. */
  async removeAll(units: readonly WorkUnit[]): Promise<void> {
    for (const name of [MANIFEST, PREPARATION, ...units.map(({ shard }) => shard)]) {
      await rm(join(this.path, name), { force: true });
    }
    await rm(join(this.path, RECORDS), { recursive: true, force: true });
    // Whatever else is in it stays.
    if (this.created !== undefined) await rmdir(this.path).catch(() => {});
  }

  private async record(shard: string): Promise<ShardRecord | undefined> {
    const path = recordPath(this.path, shard);
    return existsSync(path) ? readJson(path, shardSchema) : undefined;
  }

  private async holds({ file, segments }: ShardRecord): Promise<boolean> {
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
  const stored = await readJson(path, preparationSchema.loose());
  const folder = join(path, '..');
  for (const [name, value] of Object.entries(wanted.settings)) {
    const before = stored.settings[name as keyof Preparation['settings']];
    if (before === value) continue;
    throw new FewSoundError(
      'INVALID_ARGUMENT',
      `${folder} was prepared with ${name} ${before}, not ${value}. Give another folder, or remove this one.`,
      { field: name },
    );
  }
  if (stored.source.digest === wanted.source.digest) return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${folder} was prepared from other recordings (${stored.source.files} in ${stored.source.folder}, now ${wanted.source.files} in ${wanted.source.folder}): some were added, removed or changed in size. Give another folder, or remove this one.`,
    { field: 'folder' },
  );
}

function foreign(folder: string, name: string): FewSoundError {
  return new FewSoundError(
    'INVALID_ARGUMENT',
    `${folder} is not empty (it holds ${name}) and no prepared corpus. Give a folder that is empty or does not exist.`,
    { field: 'out' },
  );
}

function ioError(folder: string, error: unknown): FewSoundError {
  if (error instanceof FewSoundError) return error;
  return new FewSoundError(
    'IO',
    `${folder}: the folder cannot be made or written (${(error as Error).message}).`,
    { cause: error },
  );
}
