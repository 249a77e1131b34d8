import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FewSoundError } from '../../errors.js';
import { makeFolder } from '../../files.js';

/**
 * Makes the folder that a file is to be written into, where it is missing.
 *
 * @throws FewSoundError IO
 */
export async function makeParentFolder(file: string): Promise<void> {
  await makeFolder(dirname(file));
}

/** Names of the files of a run. */
export const RUN_FILES = {
  reconstruction: 'reconstruction.wav',
  original: 'original.wav',
  model: 'model.safetensors',
  report: 'report.html',
  metrics: 'metrics.json',
  config: 'config.json',
  log: 'metrics.jsonl',
} as const;

/** Writes a file at a path. */
export type FileWriter = (path: string) => Promise<void>;

/** The folder of one run. */
export class RunFolder {
  private constructor(
    /** Absolute. */
    readonly path: string,
    /** The uppermost folder that did not exist before. */
    private readonly created: string | undefined,
  ) {}

  /**
   * Takes a folder into use; makes it where it is missing.
   *
   * @throws FewSoundError `IO` where it cannot be made
   */
  static async open(path: string): Promise<RunFolder> {
    const absolute = resolve(path);
    return new RunFolder(absolute, await makeFolder(absolute));
  }

  /** The file of a run by its role. */
  file(role: keyof typeof RUN_FILES): string {
    return join(this.path, RUN_FILES[role]);
  }

  /** Where the state of an unfinished training is. */
  get checkpointFolder(): string {
    return join(this.path, 'checkpoints');
  }

  /** Names of the checkpoints that are there. */
  checkpoints(): ReadonlySet<string> {
    if (!existsSync(this.checkpointFolder)) return new Set();
    return new Set(
      readdirSync(this.checkpointFolder).filter((name) => name.endsWith('.safetensors')),
    );
  }

  async makeCheckpointFolder(): Promise<void> {
    await makeFolder(this.checkpointFolder);
  }

  async removeCheckpoints(): Promise<void> {
    await rm(this.checkpointFolder, { recursive: true, force: true });
  }

  /**
   * Writes several files, all of them or none: first beside their places, then each into its place.
   *
   * @returns the absolute path of each
   * @throws FewSoundError what the writers throw, `IO` for a full disk and the like
   */
  async write<Role extends string>(
    writers: Readonly<Record<Role, FileWriter>>,
    names: Readonly<Record<Role, string>>,
  ): Promise<Record<Role, string>> {
    const roles = Object.keys(writers) as Role[];
    let staging: string | undefined;
    try {
      staging = await mkdtemp(join(this.path, '.unfinished-'));
      for (const role of roles) await writers[role](join(staging, names[role]));
      for (const role of roles) {
        await rename(join(staging, names[role]), join(this.path, names[role]));
      }
    } catch (cause) {
      throw cause instanceof FewSoundError ? cause : cannotWrite(this.path, cause);
    } finally {
      if (staging !== undefined) await rm(staging, { recursive: true, force: true });
    }
    return Object.fromEntries(roles.map((role) => [role, join(this.path, names[role])])) as Record<
      Role,
      string
    >;
  }

  /** Removes the folders that were made for this run and have stayed empty. */
  async removeIfEmpty(): Promise<void> {
    await rmdir(this.checkpointFolder).catch(() => {});
    if (this.created === undefined) return;
    for (let folder = this.path; folder.length >= this.created.length; folder = dirname(folder)) {
      if ((await readdir(folder)).length > 0) return;
      await rmdir(folder);
    }
  }
}

function cannotWrite(folder: string, cause: unknown): FewSoundError {
  return new FewSoundError('IO', `cannot write into ${folder}: ${(cause as Error).message}`, {
    cause,
  });
}
