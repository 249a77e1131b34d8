import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FewSoundError } from './errors.js';

// A folder is of one process while it works there. What names the process is a file in it, and
// counts for as long as the process lives: one that was killed locks nobody out.

export const LOCK_FILE = '.process';

const lockOf = (folder: string) => join(folder, LOCK_FILE);

/** The name of a process while it lives: its number, which may be given again, and when it began. */
export function processName(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // That of another user lives.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  return `${pid} ${beginningOf(pid)}`;
}

/** In ticks since the machine was started, by Linux; elsewhere ''. */
function beginningOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may have blanks; 20 fields after it.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function namedIn(folder: string): string | undefined {
  try {
    return readFileSync(lockOf(folder), 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether the process of a name is still there. */
export function processLives(name: string): boolean {
  return processName(Number.parseInt(name, 10)) === name;
}

/** The number of another process that works in a folder. */
function occupantOf(folder: string): number | undefined {
  const name = namedIn(folder);
  if (name === undefined) return undefined;
  const pid = Number.parseInt(name, 10);
  return pid !== process.pid && processLives(name) ? pid : undefined;
}

/** @throws FewSoundError IO where another process works in the folder */
export function requireUnoccupied(folder: string): void {
  const pid = occupantOf(folder);
  if (pid === undefined) return;
  throw new FewSoundError(
    'IO',
    `${folder}: another process (${pid}) is at work in this folder; let it end first.`,
  );
}

/**
 * Takes a folder for a process until it is disposed of.
 *
 * @param pid default: of this one
 * @throws FewSoundError IO where another process works there, or it cannot be written to
 */
export function occupy(folder: string, pid = process.pid): Disposable {
  requireUnoccupied(folder);
  try {
    writeFileSync(lockOf(folder), processName(pid) as string);
  } catch (cause) {
    const text = `cannot write to ${folder}: ${(cause as Error).message}`;
    throw new FewSoundError('IO', text, { cause });
  }
  return { [Symbol.dispose]: () => leave(folder, pid) };
}

/** Leaves a folder that a process, by default this one, may have taken. */
export function leave(folder: string, pid = process.pid): void {
  if (namedIn(folder) === processName(pid)) rmSync(lockOf(folder), { force: true });
}
