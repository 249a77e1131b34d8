import { Writable } from 'node:stream';
import { type ErrorCode, FewSoundError } from '../../errors.js';
import type { CommandContext } from '../command.js';

/**
 * Another command of `fewsound` in this process, without output.
 *
 * @returns its result for `--json`
 * @throws FewSoundError what the command reports
 */
export async function innerCommand(
  context: CommandContext,
  argv: readonly string[],
  { signal, watch }: Pick<CommandContext, 'signal' | 'watch'>,
): Promise<unknown> {
  let text = '';
  const stdout = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const { stderr } = context;
  const status = await context.runCommand([...argv, '--json'], { stdout, stderr, signal, watch });
  const result: unknown = JSON.parse(text);
  if (status === 0) return result;
  const { code, message, field } = (
    result as { error: { code: string; message: string; field?: string } }
  ).error;
  // A mistake in the call is one of what the call was made from.
  throw new FewSoundError(
    (code === 'USAGE' ? 'INVALID_ARGUMENT' : code) as ErrorCode,
    message,
    field === undefined ? {} : { field },
  );
}
