import { mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FewSoundError } from '../native/errors.js';

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
    try {
      return new RunFolder(absolute, await mkdir(absolute, { recursive: true }));
    } catch (cause) {
      throw new FewSoundError(
        'IO',
        `cannot make the folder ${absolute}: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }

  /** The file of a run by its role. */
  file(role: keyof typeof RUN_FILES): string {
    return join(this.path, RUN_FILES[role]);
  }

  /** Where the state of an unfinished training is. */
  get checkpoint(): string {
    return join(this.path, 'checkpoints', 'latest.safetensors');
  }

  /**
   * Writes several files, all of them or none: first beside their places, then each into its place.
   *
   * @returns the absolute path of each
   */
  async write<Role extends string>(
    files: Readonly<Record<Role, { name: string; write: FileWriter }>>,
  ): Promise<Record<Role, string>> {
    const entries = Object.entries(files) as [Role, { name: string; write: FileWriter }][];
    let staging: string | undefined;
    try {
      staging = await mkdtemp(join(this.path, '.unfinished-'));
      for (const [, { name, write }] of entries) await write(join(staging, name));
      for (const [, { name }] of entries) {
        await rename(join(staging, name), join(this.path, name));
      }
    } catch (cause) {
      if (cause instanceof FewSoundError) throw cause;
      throw new FewSoundError('IO', `cannot write into ${this.path}: ${(cause as Error).message}`, {
        cause,
      });
    } finally {
      if (staging !== undefined) await rm(staging, { recursive: true, force: true });
    }
    return Object.fromEntries(
      entries.map(([role, { name }]) => [role, join(this.path, name)]),
    ) as Record<Role, string>;
  }

  /** Removes the folders that were made for this run and have stayed empty. */
  async removeIfEmpty(): Promise<void> {
    if (this.created === undefined) return;
    await rmdir(dirname(this.checkpoint)).catch(() => {});
    for (let folder = this.path; folder.length >= this.created.length; folder = dirname(folder)) {
      if ((await readdir(folder)).length > 0) return;
      await rmdir(folder);
    }
  }
}
