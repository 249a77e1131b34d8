import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Command } from 'commander';

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
