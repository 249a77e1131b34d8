import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { styleText, types } from 'node:util';
import type { Argument, Command, Option } from 'commander';
import { FewSoundError, throwIfAborted } from '../errors.js';
import type { WatchFits } from '../studio/index.js';

/** Where a command writes. Standard output is for results, standard error for everything else. */
export interface CommandStreams {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** The surroundings of a running command. */
export interface CommandContext extends CommandStreams {
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** One JSON object on standard output instead of text for people. */
  readonly json: boolean;
  /** No progress on standard error. */
  readonly quiet: boolean;
  /** Who watches the networks that are fitted. */
  readonly watch?: WatchFits | undefined;
  /** Runs another command in this process; its exit status. */
  readonly runCommand: (
    argv: readonly string[],
    surroundings: CommandStreams & {
      readonly signal: AbortSignal;
      readonly watch?: WatchFits | undefined;
    },
  ) => Promise<number>;
}

/** A command's result: an object for `--json`, and text for people. */
export interface CommandResult {
  readonly json: object;
  readonly text: string;
  /** Exit status; by default 0. */
  readonly status?: number;
}

/** No output: that of a process that is not the first of those that work together. */
export interface SilentResult {
  readonly status: number;
}

declare const type: unique symbol;

/** An argument or a flag that knows the type of its value. */
interface Typed<Value> {
  readonly [type]?: () => Value;
}

export type Flag<Value> = Option & Typed<Value>;
export type Positional<Value> = Argument & Typed<Value>;

/** What a command takes, by the names that its work reads. */
export type Inputs = Readonly<Record<string, Flag<unknown> | Positional<unknown>>>;

/** What was given for {@link Inputs}. */
export type Values<Taken> = {
  readonly [Name in keyof Taken]: Taken[Name] extends Typed<infer Value> ? Value : never;
};

export type Examples = readonly [string, string, ...string[]];

/** A command: its inputs and its work. It has a file of its own, loaded when it is called. */
export interface Definition<Taken extends Inputs> {
  readonly description: string;
  /** In place of the usage line that the inputs give. */
  readonly usage?: string;
  /** Calls as one would type them, at the end of the help. */
  readonly examples: Examples;
  readonly inputs: Taken;
  /** Adds flags that are not in `inputs`. */
  readonly addFlags?: (command: Command) => void;
  /** Does the work; `command` knows which flags were given and which have their defaults. */
  run(
    given: Values<Taken>,
    context: CommandContext,
    command: Command,
  ): Promise<CommandResult | SilentResult>;
}

/** A command whose inputs are checked against what its work reads. */
export function defineCommand<Taken extends Inputs>(
  definition: Definition<Taken>,
): Definition<Taken> {
  return definition;
}

/** Whether a flag is on the command line, and not just at its default. */
export function isGiven(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) === 'cli';
}

/** The same error in other words, for a person who knows the command and not the function. */
export function reworded(error: FewSoundError, message: string): FewSoundError {
  const { code, field, shapes } = error;
  return new FewSoundError(code, message, { cause: error, field, shapes });
}

/** Names the model in the errors of work that does not know where it is from. */
export function ofModel<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FewSoundError)) throw error;
    throw reworded(error, `${name}: ${error.message}`);
  }
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** Colors text where the stream is a terminal and the user has not set NO_COLOR. */
export function stylist(stream: {
  readonly isTTY?: boolean;
}): (style: Style, text: string) => string {
  const colors = stream.isTTY === true && !process.env.NO_COLOR;
  return (style, text) => (colors ? styleText(style, text) : text);
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
 * Lets Ctrl-C in before and after a piece of work that holds the event loop.
 *
 * @throws FewSoundError ABORTED
 */
export async function letInterrupt(signal: AbortSignal): Promise<void> {
  await setImmediate();
  throwIfAborted(signal, 'interrupted.');
}

/**
 * Reports what went wrong, on standard error for people or as JSON on standard output.
 *
 * @returns the exit status
 */
export function reportFailure(
  error: unknown,
  { stdout, stderr, json }: CommandStreams & { json: boolean },
): number {
  const { code, message, field, status } = describeFailure(error);
  if (json) {
    stdout.write(toJsonLine({ error: { code, message, field } }));
  } else {
    stderr.write(`${stylist(stderr)('red', 'fewsound:')} ${message}\n`);
    if (code === 'USAGE') stderr.write('`fewsound help COMMAND` shows the options of a command.\n');
  }
  return status;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly field?: string | undefined;
  readonly status: number;
}

function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { code: 'USAGE', message: error.message, status: 2 };
  if (error instanceof FewSoundError) {
    const { code, message, field } = error;
    const status = code === 'ABORTED' ? INTERRUPTED : 1;
    return { code, message, field, status };
  }
  // A bug of ours: a report of it needs the stack.
  const text = types.isNativeError(error) ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message: text, status: 1 };
}
