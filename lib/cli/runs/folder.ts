import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FewSoundError } from '../../errors.js';

/**
 * Reads a JSON file that a person may have written.
 *
 * @param hint a sentence: what to do where it cannot be read
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line that is not JSON
 */
export async function readJsonFile(path: string, hint: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new FewSoundError('FILE_NOT_FOUND', `${path} cannot be read. ${hint}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FewSoundError(
      'FILE_FORMAT',
      `${path}, line ${wrongLine(text)}, is not JSON: ${problem(cause as Error)}.`,
      { cause },
    );
  }
}

/** The reason, without the piece of the file that some messages quote. */
const problem = ({ message }: Error): string =>
  message.replace(/, (\.{3})?"[\s\S]* is not valid JSON$/, '').replace(/\n/g, '\\n');

/** The first line, from 1, up to whose end the text cannot be the beginning of JSON. */
function wrongLine(text: string): number {
  const lines = text.split('\n');
  for (let count = 1; count < lines.length; count++) {
    const beginning = `${lines.slice(0, count).join('\n')}\n`;
    const position = problemPosition(beginning);
    if (position !== null) return lineOf(text, Math.min(position, beginning.length - 1));
  }
  // All of it could be a beginning: the fault is that it ends.
  return lineOf(text, problemPosition(text) ?? text.trimEnd().length);
}

/** Where a text stops being the beginning of JSON, or its end if the error does not say; else null. */
function problemPosition(text: string): number | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    if (position === undefined) return /^Unexpected end/.test(message) ? null : text.length;
    return Number(position) >= text.length ? null : Number(position);
  }
}

const lineOf = (text: string, position: number): number =>
  text.slice(0, position).split('\n').length;

/** JSON for files that people read. */
export const prettyJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

/**
 * Makes a folder, and those above it, where they are missing.
 *
 * @param field the option that names it
 * @returns the uppermost folder that was made; undefined where all were there
 * @throws FewSoundError IO
 */
export function makeFolder(path: string, field?: string): Promise<string | undefined> {
  return mkdir(path, { recursive: true }).catch((cause: Error) => {
    const text = `cannot create the folder ${path}: ${cause.message}`;
    throw new FewSoundError('IO', text, { field, cause });
  });
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
   * Opens the folder at a path, made where it is missing.
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

  /** Holds the state of an unfinished fit. */
  get checkpointFolder(): string {
    return join(this.path, 'checkpoints');
  }

  /** Names of the checkpoints in it. */
  checkpoints(): ReadonlySet<string> {
    if (!existsSync(this.checkpointFolder)) return new Set();
    return new Set(
      readdirSync(this.checkpointFolder).filter((name) => name.endsWith('.safetensors')),
    );
  }

  async removeCheckpoints(): Promise<void> {
    await rm(this.checkpointFolder, { recursive: true, force: true });
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
    await rmdir(this.checkpointFolder).catch(() => {});
    if (this.created === undefined) return;
    for (let folder = this.path; folder.length >= this.created.length; folder = dirname(folder)) {
      if ((await readdir(folder)).length > 0) return;
      await rmdir(folder);
    }
  }
}
