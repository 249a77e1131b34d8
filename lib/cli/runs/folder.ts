import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FewSoundError } from '../../errors.js';
import { makeFolder } from '../../files.js';
import { leave, occupy } from '../../folder-lock.js';

/** JSON for files that people read. */
export const prettyJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

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

/** The states of a fit, or of its pieces. */
const STATE = /^(latest|piece-\d{4,})\.safetensors$/;

/** What a process that was killed left of one. */
const TORN_STATE = /^\.(latest|piece-\d{4,})\.safetensors\.\w+\.tmp$/;

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
   * Opens the folder at a path, made where it is missing.
   *
   * @throws FewSoundError `IO` where it cannot be made
   */
  static async open(path: string): Promise<RunFolder> {
    const absolute = resolve(path);
    return new RunFolder(absolute, await makeFolder(absolute));
  }

  /**
   * Takes the folder for this process until it is disposed of, so that no other one resumes,
   * repeats or removes what goes on in it.
   *
   * @throws FewSoundError `IO` where another process works there
   */
  occupy(): Disposable {
    return occupy(this.path);
  }

  /** The file of a run by its role. */
  file(role: keyof typeof RUN_FILES): string {
    return join(this.path, RUN_FILES[role]);
  }

  /** Holds the state of an unfinished fit. */
  get checkpointFolder(): string {
    return join(this.path, 'checkpoints');
  }

  /** Names of the checkpoints in it. */
  checkpoints(): ReadonlySet<string> {
    if (!existsSync(this.checkpointFolder)) return new Set();
    return new Set(readdirSync(this.checkpointFolder).filter((name) => STATE.test(name)));
  }

  /** Removes what a fit keeps there, and the folder where nothing else is in it. */
  async removeCheckpoints(): Promise<void> {
    if (!existsSync(this.checkpointFolder)) return;
    for (const name of await readdir(this.checkpointFolder)) {
      if (!STATE.test(name) && !TORN_STATE.test(name)) continue;
      await rm(join(this.checkpointFolder, name), { force: true });
    }
    await rmdir(this.checkpointFolder).catch(() => {});
  }

  /**
   * Writes all of several files or none: first into a temporary folder, then each into its place.
   *
   * @param names of the files; by default the writers' keys
   * @returns the absolute path of each
   * @throws FewSoundError what the writers throw, `IO` for a full disk and the like
   */
  async write<Role extends string>(
    writers: Readonly<Record<Role, FileWriter>>,
    names?: Readonly<Record<Role, string>>,
  ): Promise<Record<Role, string>> {
    const roles = Object.keys(writers) as Role[];
    const nameOf = (role: Role): string => names?.[role] ?? role;
    let staging: string | undefined;
    try {
      staging = await mkdtemp(join(this.path, '.unfinished-'));
      for (const role of roles) await writers[role](join(staging, nameOf(role)));
      for (const role of roles) {
        await rename(join(staging, nameOf(role)), join(this.path, nameOf(role)));
      }
    } catch (cause) {
      if (cause instanceof FewSoundError) throw cause;
      const text = `cannot write to ${this.path}: ${(cause as Error).message}`;
      throw new FewSoundError('IO', text, { cause });
    } finally {
      if (staging !== undefined) await rm(staging, { recursive: true, force: true });
    }
    const paths = roles.map((role) => [role, join(this.path, nameOf(role))]);
    return Object.fromEntries(paths) as Record<Role, string>;
  }

  /** Removes the folders that were made for this run and have stayed empty. */
  async removeIfEmpty(): Promise<void> {
    leave(this.path);
    await rmdir(this.checkpointFolder).catch(() => {});
    if (this.created === undefined) return;
    for (let folder = this.path; folder.length >= this.created.length; folder = dirname(folder)) {
      if ((await readdir(folder)).length > 0) return;
      await rmdir(folder);
    }
  }
}
