import { types } from 'node:util';
import { FewSoundError } from '../native/errors.js';
import { type CommandStreams, stylist, toJsonLine, UsageError } from './command-context.js';

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
