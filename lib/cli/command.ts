import type { Writable } from 'node:stream';
import { styleText, types } from 'node:util';
import type { Command } from 'commander';
import { FewSoundError } from '../errors.js';

/** Where a command writes. Standard output is for results, standard error for everything else. */
export interface CommandStreams {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** What a running command has around it. */
export interface CommandContext extends CommandStreams {
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** One JSON object on standard output instead of text for people. */
  readonly json: boolean;
  /** No progress on standard error. */
  readonly quiet: boolean;
}

/** A command's result: an object for `--json`, and text for people. */
export interface CommandResult {
  readonly json: object;
  readonly text: string;
  /** Exit status; by default 0. */
  readonly status?: number;
}

/** A command that has nothing to print, as a process that is not the first of those that work together. */
export interface SilentResult {
  readonly status: number;
}

/** Runs the work of a command and prints its result. */
export type Execute = (
  command: Command,
  work: (context: CommandContext) => Promise<CommandResult | SilentResult>,
) => Promise<void>;

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** Colours text where the stream is a terminal and the user has not asked for none. */
export function stylist(stream: {
  readonly isTTY?: boolean;
}): (style: Style, text: string) => string {
  const colours = stream.isTTY === true && !process.env.NO_COLOR;
  return (style, text) => (colours ? styleText(style, text) : text);
}

/** One line of JSON. Numbers that JSON does not know (NaN, infinities) become null. */
export function toJsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** A mistake in how the command was called: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit status of a command that Ctrl-C or a signal ended: 128 + SIGINT, as shells have it. */
export const INTERRUPTED = 130;

/**
 * Says what went wrong, on standard error for people or as JSON on standard output.
 *
 * @returns the exit status
 */
export function reportFailure(
  error: unknown,
  { stdout, stderr, json }: CommandStreams & { json: boolean },
): number {
  const { code, message, field, status } = describeFailure(error);
  if (json) {
    stdout.write(toJsonLine({ error: { code, message, ...(field !== undefined && { field }) } }));
  } else {
    stderr.write(`${stylist(stderr)('red', 'fewsound:')} ${message}\n`);
    if (code === 'USAGE') stderr.write('`fewsound help COMMAND` lists what is possible.\n');
  }
  return status;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly status: number;
}

function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { code: 'USAGE', message: error.message, status: 2 };
  if (error instanceof FewSoundError) {
    const { code, message, field } = error;
    const status = code === 'ABORTED' ? INTERRUPTED : 1;
    return { code, message, status, ...(field !== undefined && { field }) };
  }
  // A mistake of ours: the stack is what a bug report needs.
  const text = types.isNativeError(error) ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message: text, status: 1 };
}
