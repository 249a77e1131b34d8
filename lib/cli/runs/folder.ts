import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FewSoundError } from '../../errors.js';

/**
 * Reads a JSON file that a person may have written.
 *
 * @param hint what to do where it cannot be read, a sentence
 * @throws FewSoundError FILE_NOT_FOUND; FILE_FORMAT naming the line that is no JSON
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

/** What is wrong, without the piece of the file that some messages quote. */
const problem = ({ message }: Error): string =>
  message.replace(/, (\.{3})?"[\s\S]* is not valid JSON$/, '').replace(/\n/g, '\\n');

/** The first line, from 1, with whose end the text can no longer be the beginning of JSON. */
function wrongLine(text: string): number {
  const lines = text.split('\n');
  for (let count = 1; count < lines.length; count++) {
    const beginning = `${lines.slice(0, count).join('\n')}\n`;
    const position = problemPosition(beginning);
    if (position !== null) return lineOf(text, Math.min(position, beginning.length - 1));
  }
  // To its end it could go on: what is wrong is that it ends.
  return lineOf(text, problemPosition(text) ?? text.trimEnd().length);
}

/** Where a text cannot go on to be JSON; null where it can. Not every message says where: then at its end. */
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

/**
 * Makes the folder that a file is to be written into, where it is missing.
 *
 * @throws FewSoundError IO
 */
export async function makeParentFolder(file: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new FewSoundError('IO', `cannot make the folder ${folder}: ${cause.message}`, { cause });
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
    await mkdir(this.checkpointFolder, { recursive: true }).catch((cause) => {
      throw cannotWrite(this.path, cause);
    });
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
