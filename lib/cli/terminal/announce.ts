import type { CommandContext } from '../command.js';

/**
 * Says before long work what it will leave, and how to go on where it is stopped.
 *
 * @param writes a folder, and what it will hold
 * @param onward what goes on after Ctrl-C, a sentence without its period
 */
export function announce(
  { stderr, json, quiet }: CommandContext,
  writes: string,
  onward: string,
): void {
  if (!json && !quiet) stderr.write(`Writes ${writes}. Ctrl-C stops it; ${onward}.\n`);
}
